"""A finding: one resource, one rule, and what the change saves."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Confidence(StrEnum):
    """How well the figures support the saving."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def lower(self) -> "Confidence":
        """One step less, `low` at least."""
        levels = list(Confidence)
        return levels[min(levels.index(self) + 1, len(levels) - 1)]


class Risk(StrEnum):
    """What the change can break."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Status(StrEnum):
    """What became of a finding. `new` is open since this report."""

    NEW = "new"
    OPEN = "open"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"
    DONE = "done"
    REJECTED = "rejected"


class Commitment(StrEnum):
    """What a Savings Plan or a reservation can cover. The values are those of cost_data.commitment_usage."""

    SAVINGS_PLAN = "savings-plan"
    RESERVATION = "reservation"


@dataclass(frozen=True)
class BillLine:
    """Which rows of cost_data.daily_costs pay for a resource: a service as the bill names it, and the
    beginning of its usage type groups (`EBS`, `BoxUsage`); empty text is any."""

    service: str
    usage_type: str = ""
    region: str = ""


@dataclass(frozen=True)
class Finding:
    """What a rule found. Savings are US dollars a month; None is a saving without a known price.

    `resource` is an ARN or namespace/kind/name. `saving_list` is at list price, `saving_effective` what the
    bill would fall by after commitments. `merge_keys` are further names of the same resource, `inputs` the
    inputs to set where a Pulumi stack manages it; a change without inputs removes it.
    """

    rule: str
    resource: str
    evidence: str
    change: str
    saving_list: Decimal | None
    confidence: Confidence
    risk: Risk
    owner: str = ""
    managed_by: str = ""
    link: str = ""
    saving_effective: Decimal | None = None
    commitment: Commitment | None = None
    bill: BillLine | None = None
    merge_keys: tuple[str, ...] = ()
    inputs: str = ""
    status: Status = Status.NEW

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.resource


@dataclass(frozen=True)
class Record:
    """What is kept of a finding between reports.

    `owner` is the resource's, and with `deadline` the action's once it is accepted; `reason` is why it is
    snoozed or rejected. `realized` is the fall of the bill in US dollars a month, None while it cannot be
    measured.
    """

    rule: str
    resource: str
    status: Status
    first_seen: date
    last_seen: date
    saving_list: Decimal | None = None
    saving_effective: Decimal | None = None
    change: str = ""
    owner: str = ""
    deadline: date | None = None
    snoozed_until: date | None = None
    reason: str = ""
    done_on: date | None = None
    realized: Decimal | None = None
    bill: BillLine | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.resource


@dataclass(frozen=True)
class Report:
    """One week's findings, the largest effective saving first.

    `notes` are what was not read or not judged, and why: one line each.
    """

    day: date
    window_days: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    done: tuple[Record, ...] = ()
    sources: tuple[str, ...] = field(default=())

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that wait for a decision or an action."""
        waiting = (Status.NEW, Status.OPEN, Status.ACCEPTED)
        return tuple(finding for finding in self.findings if finding.status in waiting)

    @property
    def total_list(self) -> Decimal:
        """US dollars a month of the open findings at list price."""
        return sum((finding.saving_list or Decimal(0) for finding in self.open), Decimal(0))

    @property
    def total_effective(self) -> Decimal:
        """US dollars a month of the open findings after commitments."""
        return sum((finding.saving_effective or Decimal(0) for finding in self.open), Decimal(0))

    @property
    def unpriced(self) -> int:
        """How many open findings have no known saving."""
        return sum(finding.saving_list is None for finding in self.open)


def sorted_by_saving(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The largest effective saving first, then the largest at list price; unpriced ones last."""
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                finding.saving_list is None,
                -(finding.saving_effective or Decimal(0)),
                -(finding.saving_list or Decimal(0)),
                finding.key,
            ),
        )
    )


def with_status(finding: Finding, status: Status) -> Finding:
    return replace(finding, status=status)


def percent(share: float | Decimal) -> str:
    """A share in words: `40 %`."""
    return f"{share * 100:.0f} %"
