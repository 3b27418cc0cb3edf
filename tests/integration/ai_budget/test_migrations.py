"""The migration runner, on made-up migrations: there are none yet, because nothing has been deployed."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from functions.ai_budget.ledger import SQL, Unavailable, migrate
from tests.functions.ai_budget.support import fresh_database, of_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
OWNERS = "SELECT tableowner FROM pg_tables WHERE tablename LIKE 'more%%' ORDER BY tablename"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_pre_more.sql").write_text("CREATE TABLE more_1 (id int);")
    (tmp_path / "0002_post_more.sql").write_text(
        "CREATE TABLE more_2 (id int); CREATE TABLE more_3 (id int);"
    )
    return tmp_path


def test_each_phase_applies_what_is_missing_once_as_the_owner(database, folder):
    assert migrate(database, ["pre"], folder) == ["0001_pre_more"]
    assert sql(database, OWNERS) == [("ai_budget_owner",)]
    assert migrate(database, ["pre", "post"], folder) == ["0002_post_more"]
    assert sql(database, OWNERS) == [("ai_budget_owner",)] * 3
    assert migrate(database, folder=folder) == []


def test_a_migration_that_fails_leaves_nothing_behind(database, folder):
    (folder / "0003_post_wrong.sql").write_text("CREATE TABLE more_4 (id int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database, folder=folder)
    assert sql(database, OWNERS) == []
    (folder / "0003_post_wrong.sql").unlink()
    assert len(migrate(database, folder=folder)) == 2


def test_processes_that_start_at_once_create_the_schema_once(server):
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS empty")
        conn.execute("CREATE DATABASE empty")
    url = of_database(server, "empty")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate, [url] * 4)) == [[]] * 4
    assert sql(url, "SELECT count(*) > 20 FROM ai_model_prices") == [(True,)]


def test_an_empty_database_gets_the_schema_which_has_all_migrations(server, folder):
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS empty")
        conn.execute("CREATE DATABASE empty")
    url = of_database(server, "empty")
    assert migrate(url, ["pre"], folder) == ["0001_pre_more", "0002_post_more"]
    assert migrate(url, folder=folder) == []


def test_a_database_that_does_not_answer_is_one_clear_line():
    with pytest.raises(Unavailable) as caught:
        migrate("host=/nowhere dbname=x")
    assert "\n" not in str(caught.value)


def test_nothing_was_deployed_so_there_are_no_migrations():
    assert list((SQL / "migrations").glob("*.sql")) == []


def test_the_service_works_as_a_role_that_owns_nothing(server):
    url = fresh_database(server)
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'ai_budget_api'::regrole"
    assert sql(url, owned) == [(0,)]
    with psycopg.connect(url, autocommit=True, options="-c role=ai_budget_api") as conn:
        for statement in (
            "UPDATE ai_token_usage SET cost_usd = 0",
            "DELETE FROM ai_token_usage",
            "TRUNCATE ai_budget_changes",
            "UPDATE ai_budget_changes SET field = ''",
            "DELETE FROM ai_token_budgets",
            "DROP TABLE ai_token_usage",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement.encode())
