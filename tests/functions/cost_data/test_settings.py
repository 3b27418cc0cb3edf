"""The settings from environment variables."""

import pytest

from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings


def test_without_variables_costs_come_from_cost_explorer_with_60_requests_a_month():
    settings = Settings.from_environment({"HOME": "/root"})
    assert (settings.export, settings.engine, settings.request_limit) == ("", "duckdb", 60)


def test_variables_set_the_export_and_the_regions():
    settings = Settings.from_environment(
        {"COST_DATA_EXPORT": "s3://bills/exports/focus", "COST_DATA_REGIONS": "us-east-1, eu-central-1"}
    )
    assert settings.export == "s3://bills/exports/focus"
    assert settings.regions == ("us-east-1", "eu-central-1")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"COST_DATA_EXPORTS": "x"}, "COST_DATA_EXPORTS"),
        ({"COST_DATA_EXPORT": "bucket/prefix"}, "COST_DATA_EXPORT"),
        ({"COST_DATA_REQUEST_LIMIT": "many"}, "COST_DATA_REQUEST_LIMIT"),
        ({"COST_DATA_ENGINE": "spark"}, "COST_DATA_ENGINE"),
        ({"COST_DATA_ENGINE": "athena"}, "needs COST_DATA_ATHENA_DATABASE"),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(variables, message):
    with pytest.raises(CostDataError, match=message) as error:
        Settings.from_environment(variables)
    assert "\n" not in str(error.value)
