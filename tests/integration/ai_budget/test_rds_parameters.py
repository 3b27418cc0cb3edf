"""The table of PostgreSQL's parameters beside a real PostgreSQL."""

import pytest

from components.settings.database import Database
from teei_finops.aws_limits import rds_parameters
from tests.functions.ai_budget.support import sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres


def test_the_units_are_those_of_postgresql(server):
    units = dict(sql(server, "SELECT name, unit FROM pg_settings WHERE unit IS NOT NULL"))
    assert {name: units.get(name) for name in rds_parameters.UNITS} == rds_parameters.UNITS


def test_the_values_of_wal_compression_are_those_of_postgresql_and_the_settings_use_no_other(server):
    ((values, version),) = sql(
        server,
        "SELECT enumvals, current_setting('server_version_num')::int / 10000 FROM pg_settings"
        " WHERE name = 'wal_compression'",
    )
    family = f"postgres{version}"
    for value in values:  # a build may lack some of them
        assert rds_parameters.allowed_values(family, "wal_compression", value) is None
    for value in ("zstd", "lz4", "pglz"):
        assert Database(identifier="d", wal_compression=value).wal_compression == value
        assert rds_parameters.allowed_values(family, "wal_compression", value) is None
