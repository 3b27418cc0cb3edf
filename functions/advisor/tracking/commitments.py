"""What a saving is worth after commitments, and what a change really saved, from the bill."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from functions.advisor.findings import BillLine, Commitment, Finding, Record, Status, sorted_by_saving
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
    findings: Iterable[Finding], usage: Sequence[UsageCost], coverage: Mapping[str, Decimal]
) -> list[Finding]:
    """Effective savings: less usage first reduces what is billed on demand, and beyond that nothing.

    The largest savings are counted first, so that together they do not exceed what is billed on demand.
    A reservation covers usage of its Region, a Savings Plan that of any. `coverage` is in percent by kind of
    commitment, without such usage.
    """
    remaining: dict[tuple[str, str], Decimal] = {}
    results = []
    for finding in sorted_by_saving(findings):
        if finding.saving_list is None or finding.commitment is None or finding.bill is None:
            results.append(replace(finding, saving_effective=finding.saving_list))
            continue
        region = finding.bill.region if finding.commitment is Commitment.RESERVATION else ""
        line = finding.bill.usage_type, region
        costs = [cost for cost in usage if _pays(cost, *line)]
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


def _pays(cost: UsageCost, usage_type: str, region: str) -> bool:
    return cost.usage_type.startswith(usage_type) and region in ("", cost.region)


def with_realized(records: Iterable[Record], store: Store, today: date) -> list[Record]:
    """The records, those that are done with what the bill fell by, in US dollars a month.

    It compares the mean of the 28 final days up to the last report that had the finding with the mean of the
    final days, at least 7, after it was done. Findings that one bill line pays for share its fall in
    proportion to their estimates; those that were done within 28 days after each other are one change. A bill
    that rose counts as 0.
    """
    records = list(records)
    done: dict[BillLine, list[Record]] = defaultdict(list)
    for record in records:
        if record.status is Status.DONE and record.done_on and record.bill and record.saving_effective:
            done[record.bill].append(record)
    realized: dict[tuple[str, str], Decimal] = {}
    for line, of_line in done.items():
        for change in _changes(of_line):
            fall = _fall(store, line, change, today)
            estimated = sum((record.saving_effective or Decimal(0) for record in change), Decimal(0))
            if fall is not None:
                for record in change:
                    realized[record.key] = fall * (record.saving_effective or Decimal(0)) / estimated
    return [replace(record, realized=realized.get(record.key, record.realized)) for record in records]


def _changes(records: Iterable[Record]) -> list[list[Record]]:
    """The records by change: a later one is of the same change while its days before are days after that."""
    changes: list[list[Record]] = []
    for record in sorted(records, key=_done_on):
        if changes and (_done_on(record) - _done_on(changes[-1][-1])).days <= DAYS_BEFORE:
            changes[-1].append(record)
        else:
            changes.append([record])
    return changes


def _fall(store: Store, line: BillLine, change: list[Record], today: date) -> Decimal | None:
    """US dollars a month by which the bill line fell; None while too few of its days are final."""
    last_before, done_on = min(record.last_seen for record in change), max(map(_done_on, change))
    last_after = min(today, done_on + timedelta(days=DAYS_BEFORE))
    before, days_before = store.daily_cost(line, last_before - timedelta(days=DAYS_BEFORE - 1), last_before)
    after, days_after = store.daily_cost(line, done_on + timedelta(days=1), last_after)
    if before is None or after is None or days_before < DAYS_AFTER or days_after < DAYS_AFTER:
        return None
    return max((before - after) * _MONTH, Decimal(0))


def _done_on(record: Record) -> date:
    assert record.done_on is not None
    return record.done_on
