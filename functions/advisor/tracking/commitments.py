"""What a saving is worth after commitments, and what a change really saved, from the bill."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from functions.advisor.findings import BillLine, Finding, Record, Status, sorted_by_saving
from functions.advisor.tracking.store import Store, UsageCost

DAYS_BEFORE = 28
# Fewer days than a week after a change would compare weekdays with weekends.
DAYS_AFTER = 7
_MONTH = Decimal(365) / 12


def at_list_price(findings: Iterable[Finding]) -> list[Finding]:
    """Effective savings without a bill: list prices, less certain where a commitment may cover them."""
    return [
        replace(
            finding,
            saving_effective=finding.saving_list,
            confidence=finding.confidence.lower() if finding.commitment else finding.confidence,
        )
        for finding in findings
    ]


def after_commitments(
    findings: Iterable[Finding], usage: Mapping[str, UsageCost], coverage: Mapping[str, Decimal]
) -> list[Finding]:
    """Effective savings: less usage first reduces what is billed on demand, and beyond that nothing.

    The largest savings are counted first, so that together they do not exceed what is billed on demand.
    `usage` is by usage type group, `coverage` in percent by kind of commitment, without such usage.
    """
    remaining: dict[str, Decimal] = {}
    results = []
    for finding in sorted_by_saving(findings):
        if finding.saving_list is None or finding.commitment is None or finding.bill is None:
            results.append(replace(finding, saving_effective=finding.saving_list))
            continue
        line = finding.bill.usage_type
        costs = [cost for group, cost in usage.items() if group.startswith(line)]
        uncovered = sum((cost.uncovered for cost in costs), Decimal(0))
        effective = sum((cost.effective for cost in costs), Decimal(0))
        if not costs:
            percent = coverage.get(finding.commitment)
            share = Decimal(1) if percent is None else max(1 - percent / 100, Decimal(0))
            results.append(
                replace(
                    finding,
                    saving_effective=finding.saving_list * share,
                    confidence=finding.confidence.lower(),
                )
            )
        elif effective <= uncovered:
            results.append(replace(finding, saving_effective=finding.saving_list))
        else:
            left = remaining.get(line, uncovered)
            saving = min(finding.saving_list, max(left, Decimal(0)))
            remaining[line] = left - saving
            results.append(replace(finding, saving_effective=saving))
    return results


def with_realized(records: Iterable[Record], store: Store, today: date) -> list[Record]:
    """The records, those that are done with what the bill fell by, in US dollars a month.

    It compares the mean of the 28 final days up to the last report that had the finding with the mean of the
    final days, at least 7, after it was done. Findings that one bill line pays for share its fall in
    proportion to their estimates. A bill that rose counts as 0.
    """
    records = list(records)
    done: dict[tuple[BillLine, date, date], list[Record]] = defaultdict(list)
    for record in records:
        if record.status is Status.DONE and record.done_on and record.bill and record.saving_effective:
            done[record.bill, record.last_seen, record.done_on].append(record)
    realized: dict[tuple[str, str], Decimal] = {}
    for (line, last_seen, done_on), group in done.items():
        last_after = min(today, done_on + timedelta(days=DAYS_BEFORE))
        before, days_before = store.daily_cost(line, last_seen - timedelta(days=DAYS_BEFORE - 1), last_seen)
        after, days_after = store.daily_cost(line, done_on + timedelta(days=1), last_after)
        if before is None or after is None or days_before < DAYS_AFTER or days_after < DAYS_AFTER:
            continue
        fall = max((before - after) * _MONTH, Decimal(0))
        estimated = sum((record.saving_effective or Decimal(0) for record in group), Decimal(0))
        for record in group:
            realized[record.key] = fall * (record.saving_effective or Decimal(0)) / estimated
    return [replace(record, realized=realized.get(record.key, record.realized)) for record in records]
