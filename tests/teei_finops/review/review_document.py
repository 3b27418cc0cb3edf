"""A review document as `teei_finops.review.review` makes it: two stacks, each kind of row once."""

from decimal import Decimal
from typing import Any

ZERO = {"low": "0", "expected": "0", "high": "0"}


def ends(low: str, expected: str | None = None, high: str | None = None) -> dict[str, str]:
    return {"low": low, "expected": expected or low, "high": high or expected or low}


def less(after: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    return {end: str(Decimal(after[end]) - Decimal(before[end])) for end in after}


def line(what: str, quantity: str, unit: str, rate: str, amount: dict[str, str]) -> dict[str, Any]:
    return {"what": what, "quantity": quantity, "unit": unit, "rate": rate, "amount": amount,
            "source": "price list", "as_of": "2026-10-15",
            "assumed": amount["low"] != amount["high"]}  # fmt: skip


def urn(stack: str, token: str, name: str) -> str:
    return f"urn:pulumi:{stack}::teei-finops::{token}::{name}"


def resource(stack: str, token: str, name: str, op: str, state: str, before, after, lines=(), **more) -> dict:
    change = less(after, before) if after and before else None
    return {"urn": urn(stack, token, name), "name": name, "type": token, "stack": stack,
            "region": "us-east-1", "team": "finops", "op": op, "notes": [],
            "state": state, "before": before, "after": after, "change": change,
            "lines": list(lines)} | more  # fmt: skip


def added(rows: list[dict], side: str) -> dict[str, str]:
    return {
        end: str(sum((Decimal(row[side][end]) for row in rows if row[side]), Decimal(0)))
        for end in ("low", "expected", "high")
    }


def planned(row: dict, parent: str, **more) -> dict[str, Any]:
    return {"urn": row["urn"], "name": row["name"], "type": row["type"], "op": row["op"], "parent": parent,
            "source": {"file": "components/ai_budget/database.py", "line": 41}, "properties": [],
            "unknown": []} | more  # fmt: skip


def document(**more: Any) -> dict[str, Any]:
    """The document; keyword arguments replace its keys."""
    database = resource(
        "prod", "aws:rds/instance:Instance", "ledger", "update", "priced", ends("100.5"), ends("402.25"),
        [line("db.r7g.large, Multi-AZ", "730", "hour", "0.5510273972602739726", ends("402.25"))],
    )  # fmt: skip
    queue = resource(
        "prod", "aws:sqs/queue:Queue", "tracks", "create", "usage", ZERO, ends("0", "0.4", "4"),
        [line("requests", "1", "1M-requests", "0.4", ends("0", "0.4", "4"))],
    )  # fmt: skip
    volume = resource("staging", "aws:ebs/volume:Volume", "scratch", "delete", "priced", ends("8"), ZERO)
    topic = resource("prod", "aws:sns/topic:Topic", "alerts", "same", "usage", ends("1"), ends("1"))
    strange = resource(
        "staging", "aws:quantum/thing:Thing", "odd|<b>name</b>", "create", "unpriced", None, None,
        reason="type unknown: aws:quantum/thing:Thing",
    )  # fmt: skip
    pod = resource(
        "staging", "kubernetes:apps/v1:Deployment", "api", "create", "free", ZERO, ZERO,
        allocation=ends("10", "20", "30"),
    )  # fmt: skip
    rows = [database, queue, volume, topic, strange, pod]
    total = {side: added(rows, side) for side in ("before", "after")}
    component = urn("prod", "finops:budget_database:BudgetDatabase", "budget-database")
    made = {
        "version": 1, "currency": "USD", "price_date": "2026-11-23", "review_date": "2026-11-24",
        "base": None, "totals_of": "stack", **total, "change": less(total["after"], total["before"]),
        "coverage": {"priced": 2, "free": 1, "usage": 2, "unpriced": 1}, "resources": rows, "warnings": [],
        "stacks": [
            {"stack": name, **(sides := {side: added(part, side) for side in ("before", "after")}),
             "change": less(sides["after"], sides["before"])}
            for name in ("prod", "staging")
            for part in [[row for row in rows if f":{name}::" in row["urn"]]]
        ],
        "budgets": [
            {"name": "platform", "scope": {}, "monthly_limit_usd": "300", "before": total["before"],
             "after": total["after"], "change": less(total["after"], total["before"]), "status": "fail",
             "reason": "expected cost is above the limit"},
        ],
        "verdict": "fail",
        "plan": [
            {"stack": "prod", "complete": True, "errors": [],
             "operations": {"create": 1, "update": 1, "same": 1},
             "changes": [
                 planned(database, component, unknown=["endpoint"], properties=[
                     {"path": "instanceClass", "kind": "update", "replaces": False, "before": "db.t4g.medium",
                      "after": "db.r7g.large"}]),
                 planned(queue, component),
             ]},
            {"stack": "staging", "complete": True, "errors": [], "operations": {"create": 2, "delete": 1},
             "changes": [planned(row, "", source=None) for row in (volume, strange, pod)]},
        ],
        "policy": {
            "packs": {"teei-finops": "1"},
            "violations": [
                {"stack": "prod", "policy": "prefer-gp3", "enforcement": "advisory", "severity": "low",
                 "urn": database["urn"], "name": "ledger", "type": database["type"], "source": None,
                 "message": "storageType is gp2; use gp3.", "page": "docs/policies.md#prefer-gp3"},
                {"stack": "prod", "policy": "database-multi-az", "enforcement": "mandatory",
                 "severity": "high", "urn": database["urn"], "name": "ledger", "type": database["type"],
                 "source": {"file": "components/ai_budget/database.py", "line": 41},
                 "message": "multiAz is false in prod; set multiAz = true.",
                 "page": "docs/policies.md#database-multi-az"},
            ],
            "exemptions": [
                {"policy": "log-retention", "resource": "audit-*", "owner": "eng-lead@teei.io",
                 "reason": "kept for the auditor", "expires": "2026-12-24", "days_left": 30, "stack": "prod",
                 "urn": urn("prod", "aws:cloudwatch/logGroup:LogGroup", "audit-log")},
            ],
            "not_applicable": [
                {"stack": "prod", "policy": "required-tags", "urn": queue["urn"], "name": "tracks",
                 "source": None, "message": "tags is unknown until deploy"},
            ],
        },
    }  # fmt: skip
    return made | more
