"""The report as plain text for a terminal, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from teei_finops.review.outcome import outcome_of
from teei_finops.review.render import labels, money, view
from teei_finops.review.render.headline import at_least, headline, missing, price_basis
from teei_finops.review.render.services import service_name
from teei_finops.review.report_schema import Report

WIDTH = 100
HEADINGS = ("OPERATION", "RESOURCE", "TYPE", "BEFORE", "AFTER", "CHANGE")
MOST_SERVICES = 20
RANGE_MARK = "*"
# ANSI colours by the tone of `labels`.
_COLOURS = {labels.POSITIVE: "32", labels.CAUTION: "33", labels.NEGATIVE: "31"}


@dataclass(frozen=True)
class Style:
    """Colours and bold text, where the output is a terminal."""

    is_terminal: bool

    def coloured(self, text: str, tone: str) -> str:
        code = _COLOURS.get(tone)
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_terminal and code else text

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.is_terminal else text


def render(report: Report, *, is_terminal: bool = False) -> str:
    """Changed resources by stack and component, totals by service, findings, the total and the outcome."""
    style = Style(is_terminal)
    changes = view.resource_changes(report)
    lines = [*_changes(report, changes, style), *_services(report, style)]
    for budget in report["budgets"]:
        status = style.coloured(budget["status"], labels.tone(budget["status"]))
        lines += _wrapped(
            f"budget {budget['name']}: {at_least(budget['after'], budget['unpriced'])} of "
            f"{money.limit(budget['monthly_limit_usd'])}: {status}"
        )
    for heading, violations in view.violations_by_origin(report):
        lines += [style.bold(heading)] if heading else []
        for violation in violations:
            level, saving = violation["enforcement"], view.saving_text(violation)
            first, *rest = _wrapped(
                f"{level} policy {violation['policy']}{saving and f' ({saving})'}: {violation['name']}:"
                f" {violation['message']}"
            )
            lines += [first.replace(level, style.coloured(level, labels.tone(level)), 1), *rest]
    for row in view.unpriced_resources(report):
        lines += _wrapped(f"unpriced {row['name']} ({row['type']}): {row.get('reason', '')}")
    for warning in report["warnings"]:
        lines += _wrapped(f"warning: {warning['message']}")
    scope = " (changed resources only)" if report["totals_of"] == "change" else ""
    outcome = outcome_of(report)
    lines += [
        f"before {at_least(report['before'], missing(report, 'before'))}{scope}",
        f"after  {at_least(report['after'], missing(report, 'after'))}{scope}",
        f"change {money.signed_with_range(report['change'])} a month",
        *(line for text in price_basis(report) for line in _wrapped(text)),
        *(style.bold(line) for line in _wrapped(headline(report))),
        style.coloured(f"{outcome.status}: {outcome.headline}", labels.tone(outcome.status)),
        *(line for reason in outcome.reasons for line in _wrapped(f"- {reason}")),
    ]
    return "\n".join(lines) + "\n"


def _changes(report: Report, changes: Sequence[view.ResourceChange], style: Style) -> Iterator[str]:
    billed = [change for change in changes if not _is_free(change)]
    widths = _widths([HEADINGS, *map(_cells, billed)])
    has_range = False
    for stack in report["stacks"]:
        name = stack["stack"]
        own = [change for change in billed if change.stack == name]
        free = sum(change.stack == name for change in changes) - len(own)
        if not own and not free:
            continue
        total = f"{money.signed(stack['change']['expected'])} a month"
        unpriced = max(missing(report, side, name) for side in ("before", "after"))
        problem = f", {unpriced} not priced" if unpriced else ""
        yield style.bold(_shortened(f"{name} ({stack['project']}): {total}{problem}", WIDTH))
        if own:
            yield _row(HEADINGS, widths)
        for component in view.by_component(own):
            if component.component:
                yield style.bold(_shortened(component.component, WIDTH))
            for change in component.resources:
                line = _row(_cells(change), widths)
                has_range = has_range or line.endswith(RANGE_MARK)
                yield style.coloured(line, labels.operation(change.op).tone)
        if free:
            yield f"{free} free {'resource is' if free == 1 else 'resources are'} not shown"
        yield ""
    if has_range:
        yield f"{RANGE_MARK} depends on usage; `teei-finops explain NAME` shows the range"
        yield ""


def _services(report: Report, style: Style) -> Iterator[str]:
    """Totals by service, the largest first; the smallest as one."""
    totals = view.with_others(view.totals_by(report, lambda row: service_name(row["type"])), MOST_SERVICES)
    if not totals:
        return
    rows = [
        (total.name, money.dollars(total.before), money.dollars(total.after), money.signed(total.change))
        for total in totals
    ]
    headings = ("SERVICE", "BEFORE", "AFTER", "CHANGE")
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(4)]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * 3)
    for row in (headings, *rows):
        line = "  ".join(
            cell.rjust(width) if column else _shortened(cell, width).ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield style.bold(line) if row is headings else line
    yield ""


def _is_free(change: view.ResourceChange) -> bool:
    return change.cost is None or (change.cost["state"] == "free" and not change.largest_change)


def _cells(change: view.ResourceChange) -> tuple[str, ...]:
    cells = (labels.operation(change.op).label, change.name, labels.short_type(change.type))
    cost = change.cost
    if cost is None or not (cost["before"] and cost["after"] and cost["change"]):
        return (*cells, "", "", "unpriced")
    before, after = (money.dollars(amount["expected"]) for amount in (cost["before"], cost["after"]))
    mark = RANGE_MARK if cost["after"]["low"] != cost["after"]["high"] else ""
    return (*cells, before, after, f"{money.signed(cost['change']['expected'])}{mark}")


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column; names and types are shortened to what is left of the line."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    left = WIDTH - sum(widths[column] for column in (0, 3, 4, 5)) - 2 * (len(HEADINGS) - 1)
    if widths[1] + widths[2] > left:
        widths[2] = min(widths[2], max(left * 2 // 5, left - widths[1]))
        widths[1] = left - widths[2]
    return widths


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    texts = [
        text.rjust(width) if column > 2 else _shortened(text, width).ljust(width)
        for column, (text, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(texts).rstrip()


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _wrapped(text: str) -> list[str]:
    line = " ".join(text.split())
    return textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False) or [line]
