"""What the role of the cost data functions may do in the database of the AI budget service."""

from datetime import UTC, datetime

import psycopg
import pytest

from functions.cost_data.records import Kind, Read, month_of
from functions.cost_data.store import Store
from tests.functions.ai_budget.support import fresh_database, server, sql

__all__ = ["server"]
pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 24, tzinfo=UTC)


class RoleStore(Store):
    """A store that works as cost_data: on RDS the functions log in as that role, here they switch to it."""

    def __init__(self, url):
        super().__init__(url)
        self._options += " -c role=cost_data"


def test_the_functions_create_their_tables_and_sum_up_the_usage_log(server):
    url = fresh_database(server)
    store = RoleStore(url)
    store.create_schema()
    store.create_schema()
    assert store.store_ai_costs(Read(Kind.AI, "ai_token_usage", "", NOW), month_of(NOW.date()))
    owners = sql(url, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'cost_data'")
    assert owners == [("cost_data",)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM ai_token_budgets",
        "SELECT * FROM ai_budget_changes",
        "DELETE FROM ai_token_usage",
        "INSERT INTO ai_token_usage (tenant_id) VALUES ('acme')",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA ai_budget_api",
    ],
)
def test_the_role_reads_nothing_but_the_usage_log_and_creates_nothing_outside_its_schema(server, statement):
    with psycopg.connect(fresh_database(server), options="-c role=cost_data") as connection:
        connection.execute("SELECT count(*) FROM ai_token_usage")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_the_api_cannot_read_the_cost_data(server):
    url = fresh_database(server)
    RoleStore(url).create_schema()
    api = psycopg.connect(url, options="-c role=ai_budget_api")
    with api as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM cost_data.reads")
