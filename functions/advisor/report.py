"""One report: what the sources show, after commitments, with the status of each finding."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from functions.advisor.errors import SourceError
from functions.advisor.findings import Finding, Record, Report, Status, sorted_by_saving
from functions.advisor.ownership import change_in_stack
from functions.advisor.settings import Settings
from functions.advisor.tracking import commitments
from functions.advisor.tracking.statuses import Examined, follow
from functions.advisor.tracking.store import Store


@dataclass(frozen=True)
class Examination:
    """What one source showed: its findings, the rules that it evaluated completely, the resources that could
    not be judged, and notes on what is missing. An account was read in `regions` only."""

    findings: Sequence[Finding] = ()
    rules: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    not_judged: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A source of findings by the name that the report gives it. `examine` raises SourceError."""

    name: str
    examine: Callable[[], Examination]


class Records(Protocol):
    """Where records are kept: `Store` or `StatusFile`."""

    def records(self) -> list[Record]: ...

    def save(self, records: Iterable[Record]) -> None: ...


@dataclass
class Outcome:
    """The report, and the sources that failed or had no data to evaluate, one line each."""

    report: Report
    failed: list[str] = field(default_factory=list)


def make_report(
    sources: Sequence[Source],
    settings: Settings,
    now: datetime,
    store_of_records: Records,
    *,
    store: Store | None = None,
    notes: Sequence[str] = (),
) -> Outcome:
    """Examines every source and keeps the records. The failure of one does not stop the others."""
    answered, failed, examinations = [], [], []
    for source in sources:
        try:
            examinations.append(source.examine())
            answered.append(source.name)
        except SourceError as error:
            failed.append(str(error))
    findings, merged = _merged([finding for examination in examinations for finding in examination.findings])
    findings = [finding for finding in findings if _is_worth_it(finding, settings.minimum_saving)]
    findings = [_in_stack(finding) for finding in findings]
    bill_notes, findings = _with_effective_savings(findings, store, now)
    records = store_of_records.records()
    examined = Examined(
        frozenset[str]().union(*(examination.rules for examination in examinations)),
        frozenset[str]().union(merged, *(examination.not_judged for examination in examinations)),
        frozenset[str]().union(*(examination.regions for examination in examinations)),
    )
    findings, records = follow(records, findings, examined, now.date())
    if store is not None and not bill_notes:
        records = commitments.with_realized(records, store, now.date())
    if answered:
        store_of_records.save(records)
    report = Report(
        day=now.date(),
        window_days=settings.window_days,
        findings=sorted_by_saving(findings),
        notes=(*notes, *failed, *bill_notes, *(note for e in examinations for note in e.notes)),
        done=tuple(record for record in records if record.status is Status.DONE),
        sources=tuple(answered),
    )
    useless = [note for examination in examinations if not examination.rules for note in examination.notes]
    return Outcome(report, [*failed, *bill_notes, *useless])


def _with_effective_savings(
    findings: list[Finding], store: Store | None, now: datetime
) -> tuple[list[str], list[Finding]]:
    if store is None:
        return [], commitments.at_list_price(findings)
    try:
        usage, coverage = store.usage_costs(now.date()), store.coverage()
    except SourceError as error:
        return [f"{error}; effective savings are list prices"], commitments.at_list_price(findings)
    return [], commitments.after_commitments(findings, usage, coverage)


# The savings of these rules grow every day, so they are reported below the minimum, too.
_GROWING = ("log-group-has-retention", "bucket-has-a-lifecycle", "bucket-expires-old-versions")


def _is_worth_it(finding: Finding, minimum: Decimal) -> bool:
    return finding.saving_list is None or finding.saving_list >= minimum or finding.rule in _GROWING


def _in_stack(finding: Finding) -> Finding:
    """The change as one of the stack that manages the resource, if one does."""
    if not finding.managed_by.startswith("urn:pulumi:") or finding.rule == _AWS:
        return finding
    return replace(finding, change=change_in_stack(finding.managed_by, finding.inputs))


def _merged(findings: Sequence[Finding]) -> tuple[list[Finding], set[str]]:
    """One finding for each resource that several rules found, and the resources of those that are left out.

    Different changes of one resource are kept. A recommendation of AWS is added to its evidence.
    """
    left_out: set[str] = set()
    index_by_name: dict[str, int] = {}
    results: list[Finding] = []
    for finding in findings:
        names = (finding.resource, *finding.merge_keys)
        index = next((index_by_name[name] for name in names if name in index_by_name), None)
        if index is not None and _is_duplicate(results[index], finding):
            results[index] = _with_evidence(results[index], finding)
            left_out.add(finding.resource)
            continue
        for name in names:
            index_by_name.setdefault(name, len(results))
        results.append(finding)
    return results, left_out


# A finding of the second rule is left out where the first has found the same resource.
_SAME_RESOURCE = {
    "unmounted-volume-claim": ("unattached-volume", "gp2-volume", "provisioned-iops-volume"),
    "unattached-volume": ("gp2-volume", "provisioned-iops-volume"),
    "idle-database": ("oversized-database", "database-is-current-generation"),
    "oversized-database": ("database-is-current-generation",),
    "idle-cache": ("oversized-cache",),
    "idle-node": ("previous-generation-instance",),
}
_AWS = "aws-recommendation"


def _is_duplicate(first: Finding, second: Finding) -> bool:
    return second.rule == _AWS or second.rule in _SAME_RESOURCE.get(first.rule, ())


def _with_evidence(first: Finding, second: Finding) -> Finding:
    if second.rule != _AWS:
        return first
    return replace(first, evidence=f"{first.evidence}; AWS agrees: {second.evidence}")
