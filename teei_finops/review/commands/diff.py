"""`teei-finops diff`: what the second of two previews or documents costs, compared with the first."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, localcontext

from teei_finops.command import Command
from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.budgets.gate import ADVISORY, PASS, UNPRICED
from teei_finops.costing.command_files import has_colours, write_output
from teei_finops.costing.costs import EXACT
from teei_finops.review.commands.pricing_options import PREVIEW_HELP, add_pricing_options, cost_options
from teei_finops.review.documents import report_of_file
from teei_finops.review.render import FORMATS, render
from teei_finops.review.report_rows import amount_range, coverage_row, sum_of
from teei_finops.review.report_schema import AmountRange, Report, ResourceRow, StackPlan, StackTotals, Sums

Key = tuple[str, ...]


def diff(first: Report, second: Report, base: str) -> Report:
    """A report from the amounts after `first` to the amounts after `second`.

    Resources are the same by URN; where the two have no stack in common, by URN without stack and project.
    Budgets and policies are left out.
    """
    with localcontext(EXACT):
        stacks = [{stack["stack"] for stack in report["stacks"]} for report in (first, second)]
        has_common_stack = bool(stacks[0] & stacks[1]) or not all(stacks)
        old, new = (_existing(report, has_common_stack) for report in (first, second))
        rows = [_row(old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]
        coverage = coverage_row(Counter(row["state"] for row in rows))
        before, after, change = _totals(rows)
        partial = "change" in (first["totals_of"], second["totals_of"])
        priced = coverage["priced"] + coverage["usage"]
        return {
            **second,
            "base": base,
            "totals_of": "change" if partial else "stack",
            "before": before,
            "after": after,
            "change": change,
            "at_list_prices": _compared(first["at_list_prices"], second["at_list_prices"]),
            "effective": _compared(first["effective"], second["effective"])
            if first["effective"] and second["effective"]
            else None,
            "coverage": coverage,
            "resources": rows,
            "stacks": [_stack(second, first, name, rows) for name in _names(rows)],
            "budgets": [],
            "warnings": [],
            "verdict": PASS if not coverage["unpriced"] else ADVISORY if priced else UNPRICED,
            "plan": [_plan(name, rows) for name in _names(rows)],
            "policy": {
                "violations": [], "packs": {}, "rules": [], "exemptions": [], "not_applicable": [],
            },
        }  # fmt: skip


def _existing(report: Report, has_common_stack: bool) -> dict[Key, ResourceRow]:
    """The resources that exist after the change."""
    return {
        (row["urn"],) if has_common_stack else tuple(row["urn"].split("::", 3)[2:]): row
        for row in report["resources"]
        if row["op"] != "delete"
    }


def _row(old: ResourceRow | None, new: ResourceRow | None) -> ResourceRow:
    row = new or old
    assert row is not None
    before = old["after"] if old else amount_range(NOTHING)
    after = new["after"] if new else amount_range(NOTHING)
    op = "create" if not old else "delete" if not new else "same" if before == after else "update"
    merged: ResourceRow = {**row, "op": op, "before": before, "after": after, "change": None}
    unpriced = next((side for side in (new, old) if side and side["state"] == "unpriced"), None)
    if unpriced or before is None or after is None:
        reason = unpriced.get("reason", "") if unpriced else ""
        return {**merged, "state": "unpriced", "reason": reason, "before": None, "after": None, "lines": []}
    return {**merged, "change": amount_range(_range(after) - _range(before))}


def _range(amount: AmountRange) -> Range:
    return Range(Decimal(amount["low"]), Decimal(amount["expected"]), Decimal(amount["high"]))


def _totals(rows: Iterable[ResourceRow]) -> tuple[AmountRange, AmountRange, AmountRange]:
    rows = list(rows)
    before = sum_of(_range(row["before"]) for row in rows if row["before"])
    after = sum_of(_range(row["after"]) for row in rows if row["after"])
    return amount_range(before), amount_range(after), amount_range(after - before)


def _compared(first: Sums, second: Sums) -> Sums:
    before, after = first["after"], second["after"]
    return {"before": before, "after": after, "change": amount_range(_range(after) - _range(before))}


def _names(rows: Iterable[ResourceRow]) -> list[str]:
    return list(dict.fromkeys(row["stack"] for row in rows))


def _stack(second: Report, first: Report, name: str, rows: Iterable[ResourceRow]) -> StackTotals:
    own = [row for row in rows if row["stack"] == name]
    known = next(stack for report in (second, first) for stack in report["stacks"] if stack["stack"] == name)
    before, after, change = _totals(own)
    unpriced = sum(row["state"] == "unpriced" for row in own)
    return {**known, "before": before, "after": after, "change": change, "unpriced": unpriced}


def _plan(name: str, rows: Iterable[ResourceRow]) -> StackPlan:
    operations = Counter(row["op"] for row in rows if row["stack"] == name)
    return {"stack": name, "complete": True, "errors": [], "operations": dict(operations), "changes": []}


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", help=f"{PREVIEW_HELP}; or the JSON document of a review")
    parser.add_argument("second", help="the same, of what is compared with the first")
    add_pricing_options(parser)
    parser.add_argument(
        "--format", choices=FORMATS, default="table", help="format of the comparison (default: table)"
    )


def _diff(options: argparse.Namespace) -> int:
    costs = cost_options(**vars(options))
    reports = (report_of_file(path, costs) for path in (options.first, options.second))
    report = diff(*reports, base=options.first)
    write_output(render(report, options.format, is_terminal=has_colours()), None)
    return 0


DIFF = Command(
    name="diff",
    summary="compare the cost of two previews or of two reviews",
    configure=_configure,
    run=_diff,
    example="teei-finops diff main.json preview.json",
)
