"""Parts of the report, selected and sorted as people read them; shared by all formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from teei_finops.review.render import money
from teei_finops.review.report_schema import (
    AmountRange,
    PropertyChange,
    Report,
    ResourceRow,
    SourceLine,
    Violation,
)

SEVERITIES = ("critical", "high", "medium", "low", "")


@dataclass(frozen=True)
class ResourceChange:
    """One resource of a plan: what is done to it, and its cost (None where it is not billed)."""

    urn: str
    name: str
    type: str
    stack: str
    op: str
    component: str
    source: str
    cost: ResourceRow | None
    properties: tuple[PropertyChange, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def expected_change(self) -> Decimal:
        """US dollars a month; 0 where the resource has no price."""
        return Decimal(self.cost["change"]["expected"]) if self.cost and self.cost["change"] else Decimal(0)

    @property
    def largest_change(self) -> Decimal:
        """The largest absolute change of low, expected and high; 0 where the resource has no price."""
        return _largest(self.cost["change"]) if self.cost and self.cost["change"] else Decimal(0)

    @property
    def is_unpriced(self) -> bool:
        return self.cost is not None and self.cost["state"] == "unpriced"


@dataclass
class ComponentChanges:
    """The changed resources of one component; `component` is empty for those outside any."""

    component: str
    resources: list[ResourceChange] = field(default_factory=list)

    @property
    def change(self) -> AmountRange:
        """The monthly change of its priced resources."""
        changes = [
            resource.cost["change"]
            for resource in self.resources
            if resource.cost and resource.cost["change"]
        ]
        return {
            "low": str(sum(Decimal(change["low"]) for change in changes)),
            "expected": str(sum(Decimal(change["expected"]) for change in changes)),
            "high": str(sum(Decimal(change["high"]) for change in changes)),
        }

    @property
    def largest_change(self) -> Decimal:
        return _largest(self.change)


@dataclass(frozen=True)
class Total:
    """The expected monthly cost of one service, Region or team, in US dollars."""

    name: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def resource_changes(report: Report) -> list[ResourceChange]:
    """Every changed resource, the largest change first, without components."""
    costs = {row["urn"]: row for row in report["resources"]}
    changes: dict[str, ResourceChange] = {}
    for plan in report["plan"]:
        for planned in plan["changes"]:
            urn = planned["urn"]
            if urn not in costs and not planned["type"].startswith("pulumi:providers:"):
                continue  # a component: its resources are grouped under its name
            changes[urn] = ResourceChange(
                urn=urn,
                name=planned["name"],
                type=planned["type"],
                stack=plan["stack"],
                op=planned["op"],
                component=_component_name(planned["parent"]),
                source=source_text(planned["source"]),
                cost=costs.get(urn),
                properties=tuple(planned["properties"]),
                unknown=tuple(planned["unknown"]),
            )
    for urn, row in costs.items():
        if urn not in changes and row["op"] != "same":
            changes[urn] = ResourceChange(
                urn, row["name"], row["type"], row["stack"], row["op"], component="", source="", cost=row
            )
    return sorted(
        changes.values(),
        key=lambda change: (
            -abs(change.expected_change),
            -change.largest_change,
            change.stack,
            change.type,
            change.name,
        ),
    )


def by_component(changes: Iterable[ResourceChange]) -> list[ComponentChanges]:
    components: dict[str, ComponentChanges] = {}
    for change in changes:
        components.setdefault(change.component, ComponentChanges(change.component)).resources.append(change)
    return sorted(components.values(), key=lambda component: (-component.largest_change, component.component))


def totals_by(report: Report, key: Callable[[ResourceRow], str]) -> list[Total]:
    """Totals of the priced resources by `key`, the largest first, without those that are 0."""
    before: dict[str, Decimal] = {}
    after: dict[str, Decimal] = {}
    for row in report["resources"]:
        if row["before"] and row["after"]:
            name = key(row)
            before[name] = before.get(name, Decimal(0)) + Decimal(row["before"]["expected"])
            after[name] = after.get(name, Decimal(0)) + Decimal(row["after"]["expected"])
    totals = [Total(name, before[name], after[name]) for name in after if before[name] or after[name]]
    return sorted(totals, key=lambda total: (-max(total.before, total.after), total.name))


def with_others(totals: list[Total], most: int) -> list[Total]:
    """The largest totals; where there are more than `most`, the others as one."""
    if len(totals) <= most:
        return totals
    largest, others = totals[: most - 1], totals[most - 1 :]
    before = sum((total.before for total in others), Decimal(0))
    after = sum((total.after for total in others), Decimal(0))
    return [*largest, Total(f"{len(others)} others", before, after)]


def unpriced_resources(report: Report) -> list[ResourceRow]:
    return [row for row in report["resources"] if row["state"] == "unpriced"]


def partly_priced_resources(report: Report) -> list[ResourceRow]:
    """Resources whose amount is a lower bound, because a dimension of theirs has no price."""
    return [row for row in report["resources"] if row.get("unpriced_lines")]


def sorted_violations(report: Report) -> list[Violation]:
    """Policy violations: new ones first, then mandatory ones, then by what the fix saves and by severity."""

    def rank(violation: Violation) -> tuple[bool, bool, Decimal, int, str, str]:
        severity = violation["severity"].lower()
        return (
            violation.get("in_base", False),
            violation["enforcement"] != "mandatory",
            -saved(violation),
            SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES),
            violation["policy"],
            violation["urn"],
        )

    return sorted(report["policy"]["violations"], key=rank)


def saved(violation: Violation) -> Decimal:
    """US dollars a month that the fix is expected to save; 0 where the report has no amount."""
    return Decimal(violation["saves"]["expected"]) if "saves" in violation else Decimal(0)


def saving_text(violation: Violation) -> str:
    """`saves $12.00 ($9.00 to $20.00) a month`, empty where the report has no amount."""
    return f"saves {money.with_range(violation['saves'])} a month" if "saves" in violation else ""


def violations_by_origin(report: Report) -> list[tuple[str, list[Violation]]]:
    """The violations under a heading each: those of the change, then those that the base has as well.

    Without a base there is one group, with a blank heading.
    """
    violations = sorted_violations(report)
    if not any("in_base" in violation for violation in violations):
        return [("", violations)] if violations else []
    groups = [
        ("New with this change", [item for item in violations if not item.get("in_base")]),
        (f"Also in {report['base'] or 'the base'}", [item for item in violations if item.get("in_base")]),
    ]
    return [(heading, group) for heading, group in groups if group]


def has_policy_results(report: Report) -> bool:
    """Whether a policy pack judged the plans: without one, an empty list of violations means nothing."""
    policy = report["policy"]
    return any((policy["packs"], policy["violations"], policy["exemptions"], policy["not_applicable"]))


def page_link(page: str, repository: str) -> str:
    """The link to the page of a policy; `repository` is the link to the folder that a path starts from."""
    return page if not page or page.startswith("https://") else f"{repository}{page}"


def source_text(source: SourceLine | None) -> str:
    return f"{source['file']}:{source['line']}" if source else ""


def _largest(change: AmountRange) -> Decimal:
    return max(abs(Decimal(amount)) for amount in (change["low"], change["expected"], change["high"]))


def _component_name(parent: str) -> str:
    """The name of the component that is a resource's parent; empty for the stack itself."""
    return "" if not parent or "pulumi:pulumi:Stack" in parent else parent.rsplit("::", 1)[-1]
