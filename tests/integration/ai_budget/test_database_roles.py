"""The roles of the database, and who creates them."""

import psycopg
import pytest

from functions.ai_budget import ledger
from functions.ai_budget.ledger import Unavailable
from tests.functions.ai_budget.support import fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
AWAY = "host=/nowhere dbname=x"
MEMBERS = b"SELECT member::regrole::text FROM pg_auth_members WHERE roleid = %s::regrole"


def test_the_roles_are_created_by_the_master_only_while_the_owner_cannot_log_in(server):
    url, connections = fresh_database(server), []

    def master():
        connections.append("master")
        return url

    ledger.create_roles(url, master)
    assert connections == []
    ledger.create_roles(AWAY, master)
    assert connections == ["master"]
    roles = "('ai_budget_owner', 'ai_budget_api', 'cost_data', 'reports')"
    assert sql(url, f"SELECT rolcanlogin FROM pg_roles WHERE rolname IN {roles}") == [(True,)] * 4


def test_where_neither_can_log_in_the_error_has_both_reasons_in_one_line():
    reasons = r"ai_budget_owner cannot log in \(.*nowhere.*\) and .*nowhere"
    with pytest.raises(Unavailable, match=reasons) as raised:
        ledger.create_roles(AWAY, lambda: AWAY)
    assert "\n" not in str(raised.value)


def test_on_rds_all_roles_log_in_with_iam_and_the_master_does_not_join_them(server):
    """A member of a member of rds_iam could not use its password any more."""
    with psycopg.connect(fresh_database(server)) as conn:
        conn.execute("REVOKE ai_budget_api, ai_budget_owner, cost_data, reports FROM CURRENT_USER")
        conn.execute("CREATE ROLE rds_iam")
        conn.execute((ledger.SQL / "roles.sql").read_bytes())
        roles = ["ai_budget_api", "ai_budget_owner", "cost_data", "reports"]
        assert sorted(conn.execute(MEMBERS, ["rds_iam"])) == [(role,) for role in roles]
        assert [member for role in roles for member in conn.execute(MEMBERS, [role])] == []
        conn.rollback()
