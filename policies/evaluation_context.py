"""What the policies share while they evaluate one stack, and the report of what they find."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from policies.catalogue.entries import entries
from policies.exemptions import Exemption, Exemptions
from policies.resources import Resource, Stack
from policies.stack_context import StackContext
from teei_finops import policy_report
from teei_finops.policy_report import (
    ExemptionInForce,
    PolicyReport,
    ReportedRule,
    ReportedViolation,
    UndeterminedProperty,
)


@dataclass(frozen=True)
class PolicyFindings:
    """What one policy finds about one resource, or about the stack."""

    violations: tuple[ReportedViolation, ...] = ()
    undetermined: tuple[UndeterminedProperty, ...] = ()


NOTHING = PolicyFindings()


@dataclass
class EvaluationContext:
    """`levels` are the enforcement levels that the pack's config sets, `options` the names of the options of
    each policy, `shown` the resources by URN that the engine showed one by one, `stack` what it showed at the
    end. `has_pages` is False where the project is not the one with docs/policies.md.

    The engine shows up to four resources at a time, each in a thread of its own.
    """

    stack_context: StackContext
    exemptions: Exemptions = field(default_factory=Exemptions)
    levels: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Resource] = field(default_factory=dict)
    stack: Stack = field(default_factory=Stack)
    pack: str = ""
    pack_version: str = ""
    rules: tuple[ReportedRule, ...] = ()
    options: dict[str, Collection[str]] = field(default_factory=dict)
    report_file: Path | None = None
    has_pages: bool = True
    _findings: dict[tuple[str, str], PolicyFindings] = field(default_factory=dict)
    _exempt_urns: dict[Exemption, dict[str, None]] = field(default_factory=dict)
    _unreported_uses: dict[str, dict[Exemption, str]] = field(default_factory=dict)
    _changed: bool = True
    _lock: RLock = field(default_factory=RLock)

    def is_exempt(self, policy: str, resource: Resource) -> bool:
        """An exemption covers the resource. That it was needed is noted for the report."""
        exemption = self.exemptions.covering(policy, resource.urn, resource.name)
        if exemption is None:
            return False
        with self._lock:
            self._exempt_urns.setdefault(exemption, {})[resource.urn] = None
            self._unreported_uses.setdefault(resource.urn, {})[exemption] = resource.name
            self._changed = True
        return True

    def take_unreported_exemptions(self, urn: str) -> Mapping[Exemption, str]:
        """The exemptions that the resource needed since the last call, and the name of the resource."""
        with self._lock:
            return self._unreported_uses.pop(urn, {})

    def urns_with_unreported_exemptions(self) -> list[str]:
        """The resources that needed an exemption which is not reported yet."""
        with self._lock:
            return list(self._unreported_uses)

    def page_of(self, policy: str) -> str:
        """Where people read about the policy: its page, else its first source, else nothing."""
        entry = entries()[policy]
        return entry.page if self.has_pages else next(iter(entry.sources), "")

    def record(self, policy: str, urn: str, findings: PolicyFindings) -> None:
        """Keep the findings about a resource, or with a blank URN about the stack, for the report.

        They take the place of what the policy found about the same resource before.
        """
        with self._lock:
            self._changed |= findings != self._findings.get((policy, urn), NOTHING)
            self._findings[policy, urn] = findings

    def report(self) -> PolicyReport:
        """What the pack knows up to now."""
        with self._lock:
            findings = list(self._findings.values())
            urns = {exemption: tuple(exempt) for exemption, exempt in self._exempt_urns.items()}
        return PolicyReport(
            pack=self.pack,
            pack_version=self.pack_version,
            rules=list(self.rules),
            violations=[violation for item in findings for violation in item.violations],
            undetermined=[undetermined for item in findings for undetermined in item.undetermined],
            exemptions=[
                ExemptionInForce(
                    policy=exemption.policy,
                    resource=exemption.resource,
                    owner=exemption.owner,
                    reason=exemption.reason,
                    expires=exemption.expires.isoformat(),
                    days_left=self.exemptions.days_left(exemption),
                    urns=urns.get(exemption, ()),
                )
                for exemption in self.exemptions.valid
            ],
        )

    def save_report(self) -> None:
        """Write the report, where a file for it was given and it changed since the last time."""
        with self._lock:
            if self._changed and self.report_file:
                policy_report.write(self.report(), self.report_file)
            self._changed = False
