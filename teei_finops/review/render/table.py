"""The report as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from teei_finops.review.outcome import outcome_of
from teei_finops.review.render import labels, money, view
from teei_finops.review.report_schema import Report

LONGEST_NAME = 60
RIGHT_ALIGNED = {3, 4}  # before and after


def render(report: Report) -> str:
    """Changed resources, budgets, violations, unpriced resources, warnings, totals and the outcome."""
    lines: list[str] = []
    changes = view.resource_changes(report)
    if changes:
        headings = ("OPERATION", "RESOURCE", "TYPE", "BEFORE", "AFTER", "CHANGE A MONTH")
        lines += [*_columns([headings, *(_cells(change) for change in changes)]), ""]
    for budget in report["budgets"]:
        lines.append(
            f"budget {budget['name']}: {money.with_range(budget['after'])} of "
            f"{money.limit(budget['monthly_limit_usd'])}: {budget['status']}"
        )
    for violation in view.sorted_violations(report):
        lines.append(
            f"{violation['enforcement']} policy {violation['policy']}: {violation['name']}: "
            f"{_one_line(violation['message'])}"
        )
    for row in view.unpriced_resources(report):
        lines.append(f"unpriced {row['name']} ({row['type']}): {row.get('reason', '')}")
    for warning in report["warnings"]:
        lines.append(f"warning: {warning['message']}")
    scope = " (changed resources only)" if report["totals_of"] == "change" else ""
    outcome = outcome_of(report)
    lines += [
        f"before {money.with_range(report['before'])}{scope}",
        f"after  {money.with_range(report['after'])}{scope}",
        f"change {money.signed_with_range(report['change'])} a month",
        f"{outcome.status}: {outcome.headline}",
        *(f"- {_one_line(reason)}" for reason in outcome.reasons),
    ]
    return "\n".join(lines) + "\n"


def _cells(change: view.ResourceChange) -> tuple[str, ...]:
    cells = (labels.operation(change.op).label, _shortened(change.name), change.type)
    cost = change.cost
    if cost is None:
        return (*cells, "", "", "")
    if not (cost["before"] and cost["after"] and cost["change"]):
        return (*cells, "unpriced", "unpriced", cost.get("reason", ""))
    before, after = (money.dollars(amount["expected"]) for amount in (cost["before"], cost["after"]))
    return (*cells, before, after, money.signed_with_range(cost["change"]))


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            text.rjust(width) if column in RIGHT_ALIGNED else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
