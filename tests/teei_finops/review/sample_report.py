"""A report on two stacks in which every kind of row occurs once."""

from decimal import Decimal
from typing import Any, cast

from teei_finops.review.report_schema import (
    AmountRange,
    Line,
    PlannedChange,
    PolicyResults,
    Report,
    ResourceRow,
    StackPlan,
    StackTotals,
)

ZERO: AmountRange = {"low": "0", "expected": "0", "high": "0"}
NO_POLICY_RESULTS: PolicyResults = {
    "violations": [], "packs": {}, "rules": [], "exemptions": [], "not_applicable": [],
}  # fmt: skip


def amount(low: str, expected: str | None = None, high: str | None = None) -> AmountRange:
    return {"low": low, "expected": expected or low, "high": high or expected or low}


def urn(stack: str, token: str, name: str) -> str:
    return f"urn:pulumi:{stack}::teei-finops::{token}::{name}"


def line(what: str, quantity: str, unit: str, rate: str, cost: AmountRange) -> Line:
    return {
        "what": what,
        "service": "AmazonEC2",
        "quantity": quantity,
        "unit": unit,
        "rate": rate,
        "amount": cost,
        "source": "price list",
        "as_of": "2026-10-15",
        "assumed": cost["low"] != cost["high"],
    }


def resource(
    stack: str,
    token: str,
    name: str,
    op: str,
    state: str,
    before: AmountRange | None,
    after: AmountRange | None,
    lines: tuple[Line, ...] = (),
    **more: Any,
) -> ResourceRow:
    row = {
        "urn": urn(stack, token, name),
        "name": name,
        "type": token,
        "stack": stack,
        "region": "us-east-1",
        "team": "finops",
        "op": op,
        "state": state,
        "before": before,
        "after": after,
        "change": _difference(after, before) if after and before else None,
        "notes": [],
        "lines": list(lines),
    }
    return cast(ResourceRow, row | more)


def sample_report(**replaced: Any) -> Report:
    """Keyword arguments replace keys of the report."""
    database = resource(
        "prod", "aws:rds/instance:Instance", "ledger", "update", "priced", amount("100.5"), amount("402.25"),
        (line("db.r7g.large, Multi-AZ", "730", "hour", "0.5510273972602739726", amount("402.25")),),
    )  # fmt: skip
    queue = resource(
        "prod", "aws:sqs/queue:Queue", "tracks", "create", "usage", ZERO, amount("0", "0.4", "4"),
        (line("requests", "1", "1M-requests", "0.4", amount("0", "0.4", "4")),),
    )  # fmt: skip
    volume = resource("staging", "aws:ebs/volume:Volume", "scratch", "delete", "priced", amount("8"), ZERO)
    topic = resource("prod", "aws:sns/topic:Topic", "alerts", "same", "usage", amount("1"), amount("1"))
    unpriced = resource(
        "staging", "aws:quantum/thing:Thing", "odd|<b>name</b>", "create", "unpriced", None, None,
        reason="type unknown: aws:quantum/thing:Thing",
    )  # fmt: skip
    deployment = resource(
        "staging", "kubernetes:apps/v1:Deployment", "api", "create", "free", ZERO, ZERO,
        allocation=amount("10", "20", "30"), allocation_lines=[],
    )  # fmt: skip
    rows = [database, queue, volume, topic, unpriced, deployment]
    before, after = _sum(rows, "before"), _sum(rows, "after")
    component = urn("prod", "finops:budget_database:BudgetDatabase", "budget-database")
    report: Report = {
        "version": 2,
        "currency": "USD",
        "price_date": "2026-11-23",
        "review_date": "2026-11-24",
        "base": None,
        "totals_of": "stack",
        "before": before,
        "after": after,
        "change": _difference(after, before),
        "at_list_prices": {"before": before, "after": after, "change": _difference(after, before)},
        "effective": None,
        "commitments": [],
        "coverage": {"priced": 2, "free": 1, "usage": 2, "unpriced": 1, "percent": "80.0"},
        "resources": rows,
        "stacks": [_stack_totals(name, rows) for name in ("prod", "staging")],
        "budgets": [
            {
                "name": "platform",
                "scope": {},
                "monthly_limit_usd": "300",
                "max_increase_usd": None,
                "max_increase_percent": None,
                "before": before,
                "after": after,
                "change": _difference(after, before),
                "unpriced": 1,
                "status": "fail",
                "reason": "expected cost is above the limit",
                "waiver": None,
            }
        ],
        "warnings": [],
        "verdict": "fail",
        "plan": [
            _stack_plan(
                "prod",
                {"create": 1, "update": 1, "same": 1},
                _planned(
                    database,
                    component,
                    properties=[
                        {
                            "path": "instanceClass",
                            "kind": "update",
                            "replaces": False,
                            "before": "db.t4g.medium",
                            "after": "db.r7g.large",
                        }
                    ],
                    unknown=["endpoint"],
                ),
                _planned(queue, component),
            ),
            _stack_plan(
                "staging",
                {"create": 2, "delete": 1},
                *(_planned(row, parent="", source=None) for row in (volume, unpriced, deployment)),
            ),
        ],
        "policy": _policy_results(database, queue),
    }
    return cast(Report, report | replaced)


def _policy_results(database: ResourceRow, queue: ResourceRow) -> PolicyResults:
    return {
        "packs": {"teei-finops": "1"},
        "rules": [
            {
                "id": "database-multi-az",
                "description": "Production databases must be Multi-AZ.",
                "fix": "Set multi_az to True.",
                "level": "mandatory",
                "severity": "high",
                "page": "docs/policies.md#database-multi-az",
            },
            {
                "id": "log-retention",
                "description": "Log groups must have a retention.",
                "fix": "Set retention_in_days.",
                "level": "advisory",
                "severity": "low",
                "page": "",
            },
        ],
        "violations": [
            {
                "stack": "prod",
                "policy": "prefer-gp3",
                "enforcement": "advisory",
                "severity": "low",
                "urn": database["urn"],
                "name": "ledger",
                "type": database["type"],
                "source": None,
                "message": "storageType is gp2; use gp3.",
                "page": "docs/policies.md#prefer-gp3",
                "saves": amount("2", "2.5", "3"),
            },
            {
                "stack": "prod",
                "policy": "database-multi-az",
                "enforcement": "mandatory",
                "severity": "high",
                "urn": database["urn"],
                "name": "ledger",
                "type": database["type"],
                "source": {"file": "components/ai_budget/database.py", "line": 41},
                "message": "multiAz is false in prod; set multiAz = true.",
                "page": "docs/policies.md#database-multi-az",
            },
        ],
        "exemptions": [
            {
                "policy": "log-retention",
                "resource": "audit-*",
                "owner": "eng-lead@teei.io",
                "reason": "kept for the auditor",
                "expires": "2026-12-24",
                "days_left": 30,
                "stack": "prod",
                "urn": urn("prod", "aws:cloudwatch/logGroup:LogGroup", "audit-log"),
            },
        ],
        "not_applicable": [
            {
                "stack": "prod",
                "policy": "required-tags",
                "urn": queue["urn"],
                "name": "tracks",
                "type": queue["type"],
                "source": None,
                "message": "tags is unknown until deploy",
            },
        ],
    }


def _stack_totals(stack: str, rows: list[ResourceRow]) -> StackTotals:
    own = [row for row in rows if row["stack"] == stack]
    before, after = _sum(own, "before"), _sum(own, "after")
    return {
        "stack": stack,
        "project": "teei-finops",
        "totals_of": "stack",
        "before": before,
        "after": after,
        "change": _difference(after, before),
        "unpriced": sum(row["state"] == "unpriced" for row in own),
    }


def _stack_plan(stack: str, operations: dict[str, int], *changes: PlannedChange) -> StackPlan:
    return {
        "stack": stack,
        "complete": True,
        "errors": [],
        "operations": operations,
        "changes": list(changes),
    }


def _planned(row: ResourceRow, parent: str, **more: Any) -> PlannedChange:
    change = {
        "urn": row["urn"],
        "name": row["name"],
        "type": row["type"],
        "op": row["op"],
        "parent": parent,
        "source": {"file": "components/ai_budget/database.py", "line": 41},
        "properties": [],
        "unknown": [],
    }
    return cast(PlannedChange, change | more)


def _difference(after: AmountRange, before: AmountRange) -> AmountRange:
    ends = {end: str(Decimal(after[end]) - Decimal(before[end])) for end in after}
    return cast(AmountRange, ends)


def _sum(rows: list[ResourceRow], side: str) -> AmountRange:
    ends = {end: str(sum((Decimal(row[side][end]) for row in rows if row[side]), Decimal(0))) for end in ZERO}
    return cast(AmountRange, ends)
