"""What the FinOps guide prints works as printed: SQL, curls and JSON; and what the roles may not do."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg import errors

from tests.functions.ai_budget.support import ADMIN, OPUS, SONNET, Desk, Served, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
PRINTED = Path(__file__).parents[2] / "functions/ai_budget/guide.sql"
GUIDE = dict(re.findall(r"^-- name: (\w+)\n(.*?;)$", PRINTED.read_text(encoding="utf-8"), re.M | re.S))


@pytest.fixture
def today(database: str) -> Iterator[Desk]:
    """The service on the database's clock, which the guide's NOW() is."""
    desk = Desk(database)
    yield desk
    desk.close()


def test_all_statements_of_the_guide_are_here() -> None:
    assert sorted(GUIDE) == [
        "approaching", "bulk_insert", "cheaper_model", "cost_drivers", "manual_reset", "usage_report",
    ]  # fmt: skip


def test_the_bulk_insert_sets_and_changes_budgets_and_is_in_the_change_log(today: Desk) -> None:
    sql(today.url, GUIDE["bulk_insert"])
    sql(today.url, GUIDE["bulk_insert"].replace("50000.00", "60000.00"))
    assert today.tenant("tenant-enterprise-b").total_limit_usd == 60_000
    changes = sql(
        today.url,
        "SELECT tenant_id, changed_by, source, field, old_value, new_value"
        " FROM ai_budget_changes ORDER BY id",
    )
    assert changes == [
        ("tenant-startup-a", "postgres", "sql", "monthly_limit_usd", None, "500"),
        ("tenant-enterprise-b", "postgres", "sql", "monthly_limit_usd", None, "50000"),
        ("tenant-enterprise-b", "postgres", "sql", "monthly_limit_usd", "50000", "60000"),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_reset_date_is_the_first_of_next_month_utc_whatever_the_sessions_time_zone(
    database: str, zone: str
) -> None:
    sql(database, f"SET timezone = '{zone}'; {GUIDE['bulk_insert']}")
    now = datetime.now(UTC)
    first = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    assert {row[0] for row in sql(database, "SELECT reset_date FROM ai_token_budgets")} == {first}


def test_the_usage_report_counts_by_day_and_type(today: Desk) -> None:
    for report_type, completion in (("weekly", 10), ("weekly", 20), ("monthly", 5)):
        today.track("TENANT_ID", 100, completion, report_type=report_type)
    report = {row[4]: row[1:4] for row in sql(today.url, GUIDE["usage_report"])}
    assert report == {"weekly": (2, 230, Decimal("0.00105")), "monthly": (1, 105, Decimal("0.000375"))}


def test_the_manual_reset_keeps_the_audit_log_and_is_recorded_with_what_it_wiped(today: Desk) -> None:
    today.set("TENANT_ID", "0.1")
    today.track("TENANT_ID", 0, 9000)
    sql(today.url, GUIDE["manual_reset"])
    entry = today.entry("TENANT_ID")
    assert (entry.current_usage_usd, entry.status, entry.hard_limit_reached) == (0, "ok", False)
    assert sql(today.url, "SELECT sum(cost_usd) FROM ai_token_usage") == [(Decimal("0.135"),)]
    last = "SELECT source, field, old_value, new_value FROM ai_budget_changes ORDER BY id DESC LIMIT 1"
    assert sql(today.url, last) == [("sql", "current_usage_usd", "0.135", "0")]
    assert today.check("TENANT_ID", 0, 1).allowed


def test_a_manual_reset_arms_the_notices_again(today: Desk) -> None:
    today.set("TENANT_ID", "0.1")
    for _ in range(2):
        today.track("TENANT_ID", 0, 9000)
        sql(today.url, GUIDE["manual_reset"])
    thresholds = [row[0] for row in sql(today.url, "SELECT threshold FROM ai_budget_outbox ORDER BY id")]
    assert thresholds == [80, 100, 80, 100]


def test_the_template_of_drafts_can_be_given_a_cheaper_model(database: str) -> None:
    sql(database, GUIDE["cheaper_model"])
    rows = sql(database, "SELECT model FROM report_templates WHERE report_type = 'quarterly-report-draft'")
    assert rows == [("claude-3-haiku-20240307",)]


def test_the_useful_queries_run_also_beside_a_budget_of_0(today: Desk) -> None:
    today.set("near", "0.1")
    today.track("near", 0, 6000, report_type="weekly")
    today.track("unknown", 0, 100, model=OPUS)
    today.set("none", 0)
    approaching = sql(today.url, GUIDE["approaching"])
    assert [row[0] for row in approaching] == ["unknown", "near"]
    assert approaching[1][4] == Decimal("90.00")
    assert sql(today.url, GUIDE["cost_drivers"])[0][:4] == ("near", "weekly", 1, Decimal("0.09"))


def test_the_status_of_a_tenant_is_the_guides_byte_for_byte_and_its_curl_sets_a_budget(server: str) -> None:
    url = fresh_database(server)
    served = Served("--database-url", url, "--workers", "1")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ADMIN}"}
    for tenant, limit in (("tenant-acme-corp", "10000.00"), ("tenant-enterprise", "5000.00")):
        body = f'{{\n "tenant_id": "{tenant}",\n "model": "{SONNET}",\n "monthly_limit_usd": {limit}\n}}'
        assert served.http.post("/api/ai-budget/set", content=body, headers=headers).status_code == 200
    sql(
        url,
        "UPDATE ai_token_budgets SET current_usage_usd = 3250.45, token_count_input = 1250000,"
        " token_count_output = 625000 WHERE tenant_id = 'tenant-enterprise'",
    )
    text = served.http.get("/api/ai-budget/tenant/tenant-enterprise").text
    assert served.stop() == 0
    text = re.sub(r'"reset_date":"\d{4}-\d{2}-01T00:00:00Z"', '"reset_date":"2025-12-01T00:00:00Z"', text)
    printed = {
        "tenant_id": "tenant-enterprise",
        "budgets": [
            {
                "model": "claude-3-5-sonnet-20241022",
                "monthly_limit_usd": 5000.0,
                "current_usage_usd": 3250.45,
                "percentage_used": 65.01,
                "token_count_input": 1250000,
                "token_count_output": 625000,
                "reset_date": "2025-12-01T00:00:00Z",
                "status": "ok",
                "soft_limit_notified": False,
                "hard_limit_reached": False,
            }
        ],
        "total_usage_usd": 3250.45,
        "total_limit_usd": 5000.0,
    }
    assert text == json.dumps(printed, separators=(",", ":"))


def test_budgets_are_unique_on_exactly_tenant_and_model(database: str) -> None:
    unique_columns = sql(
        database,
        "SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_index i"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
        " WHERE i.indrelid = 'ai_token_budgets'::regclass AND i.indisunique GROUP BY i.indexrelid",
    )
    assert unique_columns == [(["model", "tenant_id"],)]


@pytest.mark.parametrize("role", ["postgres", "ai_budget_owner", "ai_budget_api"])
@pytest.mark.parametrize("table", ["ai_token_usage", "ai_budget_changes"])
def test_the_logs_cannot_be_changed_by_anyone(today: Desk, role: str, table: str) -> None:
    today.set("acme", 1)
    today.track("acme", 1, 1)
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET tenant_id = 'x'"):
        with pytest.raises((errors.RestrictViolation, errors.InsufficientPrivilege)):
            sql(today.url, f"SET ROLE {role}; {statement}")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE ai_token_budgets", "ALTER TABLE ai_token_usage DISABLE TRIGGER USER", "CREATE TABLE t ()",
        "DELETE FROM ai_token_budgets", "UPDATE ai_model_prices SET input_usd_per_mtok = 0",
        "INSERT INTO ai_model_prices SELECT * FROM ai_model_prices", "DELETE FROM ai_budget_months",
        "UPDATE ai_budget_contacts SET webhook_url = NULL", "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION ai_budget_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    ],
)  # fmt: skip
def test_the_role_of_the_api_cannot_change_rules_prices_or_contacts(database: str, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        sql(database, f"SET ROLE ai_budget_api; {statement}")


def test_the_service_works_as_the_role_of_the_api(today: Desk) -> None:
    sql(today.url, "REVOKE SELECT ON ai_model_prices FROM ai_budget_api")
    with pytest.raises(errors.InsufficientPrivilege):
        today.run(today.ledger.fetch("prices"))


def test_nothing_belongs_to_the_role_of_the_api(database: str) -> None:
    owned = sql(database, "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'ai_budget_api'")
    assert owned == []
    owners = sql(database, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [("ai_budget_owner",)]
