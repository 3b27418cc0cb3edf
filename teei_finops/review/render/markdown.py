"""The report as Markdown for a pull request: the outcome first, details collapsed, within GitHub's limit.

The first line is a hidden marker, by which a workflow finds its own comment to update it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from teei_finops.review.outcome import outcome_of
from teei_finops.review.render import labels, money, view
from teei_finops.review.render.headline import at_least, headline, missing, price_basis
from teei_finops.review.report_schema import Report, StackTotals, Violation

MARKER = "<!-- teei-finops cost review -->"
# GitHub rejects a comment of more than 65,536 characters ("body is too long"); the rest is for what a
# workflow adds.
LIMIT = 64_000
# From a comment on /OWNER/NAME/pull/N, GitHub resolves a relative link against /OWNER/NAME/pull/.
REPOSITORY = "../blob/HEAD/"
ICONS = {"pass": "✅", "advisory": "⚠️", "fail": "❌", "unpriced": "❌", "incomplete": "❌"}


def render(report: Report, *, marker: str = MARKER, limit: int = LIMIT) -> str:
    """At most `limit` characters, whatever the size of the change; what is left out is counted."""
    changes = view.resource_changes(report)
    with_cost = [change for change in changes if change.largest_change or change.is_unpriced]
    without_cost = len(changes) - len(with_cost)

    top = [marker, *_headline(report), *_stacks(report), *_budgets(report)]
    text, used, omitted = _within_limit(([line] for line in top), 0, limit * 11 // 16)
    if omitted:
        text += [f"… {omitted} more lines are in review.json.", ""]

    block, used, omitted = _within_limit(([line] for line in _policies(report)), used, limit * 3 // 4)
    text += block + ([f"… {omitted} more lines on policies are in review.json.", ""] if omitted else [])

    if with_cost:
        text += ["### Changes, largest first", ""]
        head = _table(("Operation", "Resource", "Stack", "After", "Change a month", "Source"), (), (3, 4))
        rows = ([f"| {' | '.join(_change_cells(change))} |"] for change in with_cost)
        block, used, omitted = _within_limit([head, *rows], used, limit * 7 // 8)
        text += [*block, "", *([f"… and {omitted} more.", ""] if omitted else [])]
    if without_cost:
        verb = "resources change" if without_cost != 1 else "resource changes"
        text += [f"{without_cost} more {verb} at no cost.", ""]

    unpriced = view.unpriced_resources(report)
    if unpriced:
        items = (
            [f"- **{cell(row['name'])}** {code(row['type'])}: {cell(row.get('reason'))}"] for row in unpriced
        )
        block, used, omitted = _within_limit(items, used, limit * 15 // 16)
        more = [f"- … and {omitted} more"] if omitted else []
        text += _collapsed(
            f"Unpriced resources, not included in the totals: {len(unpriced)}", [*block, *more]
        )

    block, used, omitted = _within_limit(
        (_change_details(change) for change in with_cost), used, limit - 1_000
    )
    if block:
        text += ["<details><summary>How the costs are calculated</summary>", "", *block, "</details>", ""]
    text.append(f"List prices of {report['price_date']}, before tax, for a month of 730 hours.")
    return "\n".join(text) + "\n"


def cell(text: Any) -> str:
    """Text that stays inside one table cell and is not read as Markdown or HTML."""
    line = " ".join(str(text).split())
    for mark in ("\\", "|", "<", "*", "_", "`", "["):
        line = line.replace(mark, "&lt;" if mark == "<" else f"\\{mark}")
    return line


def code(text: Any) -> str:
    line = " ".join(str(text).split()).replace("`", "'").replace("|", "¦")
    return f"`{line}`"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]], right: Iterable[int] = ()) -> list[str]:
    names = list(headings)
    right_aligned = set(right)
    rule = ["---:" if column in right_aligned else "---" for column in range(len(names))]
    return [f"| {' | '.join(row)} |" for row in (names, rule, *rows)]


def _collapsed(summary: str, lines: Iterable[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def _headline(report: Report) -> Iterator[str]:
    outcome = outcome_of(report)
    yield f"## Cost review: {cell(headline(report))}"
    yield ""
    yield f"{ICONS[outcome.status]} **{outcome.headline}**"
    yield ""
    if outcome.reasons:
        yield from (f"- {cell(reason)}" for reason in outcome.reasons)
        yield ""
    scope = " (changed resources only)" if report["totals_of"] == "change" else ""
    before = at_least(report["before"], missing(report, "before"))
    after = at_least(report["after"], missing(report, "after"))
    yield f"{before} before, **{after}** after{scope}."
    yield ""
    basis = [f"- {cell(text)}" for text in price_basis(report)]
    yield from [*basis, ""] if basis else []
    for warning in report["warnings"]:
        yield f"> ⚠️ {cell(warning['message'])}"
        yield ""


def _stacks(report: Report) -> Iterator[str]:
    operations = {
        plan["stack"]: ", ".join(labels.operation_counts(plan["operations"])) for plan in report["plan"]
    }
    yield from _table(
        ("Stack", "Plan", "Before", "After", "Change"),
        (
            [
                cell(stack["stack"]),
                operations.get(stack["stack"]) or "–",
                _stack_total(report, stack, "before"),
                _stack_total(report, stack, "after"),
                money.signed(stack["change"]["expected"]),
            ]
            for stack in report["stacks"]
        ),
        (2, 3, 4),
    )
    yield ""


def _stack_total(report: Report, stack: StackTotals, side: Literal["before", "after"]) -> str:
    amount = money.dollars(stack[side]["expected"])
    return f"at least {amount}" if missing(report, side, stack["stack"]) else amount


def _policies(report: Report) -> Iterator[str]:
    if not view.has_policy_results(report):
        return
    violations = report["policy"]["violations"]
    mandatory = sum(violation["enforcement"] == "mandatory" for violation in violations)
    yield f"### Policy violations: {mandatory} mandatory, {len(violations) - mandatory} advisory"
    yield ""
    for heading, group in view.violations_by_origin(report):
        yield from [f"**{cell(heading)}: {len(group)}**", ""] if heading else []
        headings = ("Severity", "Resource", "Problem and fix", "Saves a month", "Source")
        yield from _table(headings, map(_violation_cells, group), (3,))
        yield ""
    exemptions = report["policy"]["exemptions"]
    for exemption in exemptions:
        resource = code(exemption["urn"] or exemption["resource"])
        yield (
            f"- Exemption: {code(exemption['policy'])} on {resource}, owner {cell(exemption['owner'])}, "
            f"{exemption['days_left']} days left: {cell(exemption['reason'])}"
        )
    if exemptions:
        yield ""
    not_applicable = report["policy"]["not_applicable"]
    if not_applicable:
        yield from _collapsed(
            f"Policies that depend on values unknown until deploy: {len(not_applicable)}",
            [
                f"- {code(item['policy'])} on **{cell(item['name'])}**: {cell(item['message'])}"
                for item in not_applicable
            ],
        )


def _violation_cells(violation: Violation) -> list[str]:
    link = view.page_link(violation["page"], REPOSITORY)
    policy = f"[{code(violation['policy'])}]({link})" if link else code(violation["policy"])
    return [
        f"{cell(violation['severity'])} ({violation['enforcement']})",
        f"**{cell(violation['name'] or violation['stack'])}**<br>{code(violation['type'])}",
        f"{policy} {_message(violation['message'])}",
        money.with_range(violation["saves"]) if "saves" in violation else "–",
        _source(view.source_text(violation["source"])),
    ]


def _message(text: str) -> str:
    """A message inside one table cell, line by line."""
    return "<br>".join(cell(line) for line in text.splitlines())


def _budgets(report: Report) -> Iterator[str]:
    if not report["budgets"]:
        return
    yield "### Budgets"
    yield ""
    yield from _table(
        ("Budget", "Limit", "Estimate", "Change", "Status"),
        (
            [
                cell(budget["name"]),
                money.limit(budget["monthly_limit_usd"]),
                at_least(budget["after"], budget["unpriced"]),
                money.signed(budget["change"]["expected"]),
                f"{budget['status']}: {cell(budget['reason'])}" if budget["reason"] else budget["status"],
            ]
            for budget in report["budgets"]
        ),
        (1, 2, 3),
    )
    yield ""


def _change_cells(change: view.ResourceChange) -> list[str]:
    after = amount = "–"
    cost = change.cost
    if cost and cost["after"] and cost["change"]:
        after = money.dollars(cost["after"]["expected"])
        amount = money.signed_with_range(cost["change"])
    elif cost:
        amount = f"unpriced: {cell(cost.get('reason'))}"
    return [
        labels.operation(change.op).label,
        f"**{cell(change.name)}**<br>{code(change.type)}",
        cell(change.stack),
        after,
        amount,
        _source(change.source),
    ]


def _change_details(change: view.ResourceChange) -> list[str]:
    """The changed properties of a resource and the lines of its cost."""
    lines = [
        f"- {code(item['path'])}: {cell(item['before'])} → {cell(item['after'])}"
        for item in change.properties[:10]
    ]
    lines += [
        f"- {cell(line['what'])}: {line['quantity']} {line['unit']} × ${line['rate']} = "
        f"{money.with_range(line['amount'])}{' (assumed)' if line['assumed'] else ''}"
        for line in (change.cost["lines"] if change.cost else ())
    ]
    return _collapsed(f"{cell(change.name)} ({cell(change.stack)})", lines) if lines else []


def _source(text: str) -> str:
    return code(text) if text else "–"


def _within_limit(blocks: Iterable[list[str]], used: int, limit: int) -> tuple[list[str], int, int]:
    """The lines of the first blocks that fit into `limit` characters, of which `used` are taken.

    Returns the lines, the characters used so far and the number of blocks left out.
    """
    lines: list[str] = []
    omitted = 0
    for block in blocks:
        size = sum(len(line) + 1 for line in block)
        if omitted or used + size > limit:
            omitted += 1
            continue
        lines += block
        used += size
    return lines, used, omitted
