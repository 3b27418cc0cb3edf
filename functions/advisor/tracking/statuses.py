"""What becomes of findings from one report to the next."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from functions.advisor.errors import AdvisorError
from functions.advisor.findings import Finding, Record, Status, with_status


@dataclass(frozen=True)
class Examined:
    """The rules that were evaluated completely, what could not be judged, and the Regions that were read."""

    rules: Collection[str]
    not_judged: Collection[str] = ()
    regions: Collection[str] = ()

    def includes(self, record: Record) -> bool:
        region = record.bill.region if record.bill else ""
        return (
            record.rule in self.rules
            and record.resource not in self.not_judged
            and (not region or region in self.regions)
        )


def follow(
    records: Iterable[Record], findings: Sequence[Finding], examined: Examined, today: date
) -> tuple[list[Finding], list[Record]]:
    """The findings with their status, and all records as of today.

    A finding is new until the next day's report, then open. A snooze ends on its date. What a complete
    evaluation no longer finds is done; what is found again after that is open again. A rejected finding stays
    rejected. A report of an earlier day changes no record of a later one.
    """
    records_by_key = {record.key: record for record in records}
    with_statuses = []
    for finding in findings:
        record = _seen_today(records_by_key.get(finding.key), finding, today)
        records_by_key[finding.key] = record
        with_statuses.append(with_status(finding, record.status))
    present = {finding.key for finding in findings}
    for key, record in records_by_key.items():
        if key not in present and examined.includes(record):
            records_by_key[key] = _no_longer_found(record, today)
    return with_statuses, list(records_by_key.values())


def _seen_today(record: Record | None, finding: Finding, today: date) -> Record:
    if record is None:
        record = Record(finding.rule, finding.resource, Status.NEW, first_seen=today, last_seen=today)
    if record.last_seen > today:
        return record
    status = record.status
    if status is Status.NEW and record.first_seen < today:
        status = Status.OPEN
    if status is Status.SNOOZED and record.snoozed_until is not None and record.snoozed_until <= today:
        status = Status.OPEN
    if status is Status.DONE and record.done_on is not None and record.done_on < today:
        status = Status.OPEN
    return replace(
        record,
        status=status,
        last_seen=today,
        saving_list=finding.saving_list,
        saving_effective=finding.saving_effective,
        change=finding.change,
        bill=finding.bill,
        owner=record.owner or finding.owner,
        done_on=record.done_on if status is Status.DONE else None,
        realized=record.realized if status is Status.DONE else None,
    )


def _no_longer_found(record: Record, today: date) -> Record:
    if record.status in (Status.DONE, Status.REJECTED) or record.last_seen > today:
        return record
    return replace(record, status=Status.DONE, done_on=today)


def decide(
    record: Record,
    status: Status,
    today: date,
    *,
    until: date | None = None,
    reason: str = "",
    owner: str = "",
    deadline: date | None = None,
) -> Record:
    """The record after a person's decision. Raises AdvisorError if something that it needs is missing."""
    needed = {
        Status.SNOOZED: {"--until": until, "--reason": reason},
        Status.ACCEPTED: {"--owner": owner, "--deadline": deadline},
        Status.REJECTED: {"--reason": reason},
    }.get(status, {})
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise AdvisorError(f"a finding that is {status} needs {' and '.join(missing)}")
    if status is Status.NEW:
        raise AdvisorError("a finding is new only in its first report; use open")
    for name, day in (("--until", until), ("--deadline", deadline)):
        if day is not None and day <= today:
            raise AdvisorError(f"{name} {day} is not in the future")
    return replace(
        record,
        status=status,
        snoozed_until=until if status is Status.SNOOZED else None,
        reason=reason,
        owner=owner or record.owner,
        deadline=deadline or record.deadline,
        done_on=today if status is Status.DONE else None,
        realized=None,
    )
