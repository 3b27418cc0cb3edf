"""What the policy packs reported about the plans.

A pack that writes a report file (`teei_finops/policy_report.py`) is read from that file. Of other packs there
are only the engine's events, each of which counts as a violation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from teei_finops.costing.budgets.savings import Fix, savings
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.plan import Plan
from teei_finops.costing.pricing import Pricing
from teei_finops.policy_report import ExemptionInForce, PolicyReport, ReportedViolation
from teei_finops.review.planned_changes import source_line
from teei_finops.review.report_rows import amount_range
from teei_finops.review.report_schema import (
    Exemption,
    NotApplicable,
    PolicyResults,
    PolicyRule,
    SourceLine,
    Violation,
)


def policy_results(
    plans: Sequence[Plan],
    reports: Mapping[str, PolicyReport],
    options: CostOptions,
    base_reports: Mapping[str, PolicyReport] | None = None,
) -> PolicyResults:
    """The results of all plans; call it in the decimal context `EXACT`.

    `reports` has the report of a pack by the name of the plan, `base_reports` that of the same pack on the
    base. Savings are at list prices less discounts, without free allowances.
    """
    pricing = replace(options, free_tier=False).pricing()
    bases = base_reports or {}
    return {
        "violations": [
            item
            for plan in plans
            for item in _violations(plan, reports.get(plan.name), bases.get(plan.name), pricing)
        ],
        "packs": {pack: version for plan in plans for pack, version in plan.packs.items()},
        "rules": _rules(reports),
        "exemptions": list(_exemptions(plans, reports)),
        "not_applicable": [item for plan in plans for item in _not_applicable(plan, reports.get(plan.name))],
    }


def _violations(
    plan: Plan, report: PolicyReport | None, base: PolicyReport | None, pricing: Pricing
) -> Iterator[Violation]:
    violations = report.violations if report else []
    fixes = {
        position: Fix(violation.urn, violation.remedy, violation.policy)
        for position, violation in enumerate(violations)
        if violation.remedy
    }
    saved = savings(plan, fixes, pricing)
    in_base = {_identity(violation) for violation in base.violations} if base else None
    for position, violation in enumerate(violations):
        row: Violation = {
            "stack": plan.stack,
            "policy": violation.policy,
            "enforcement": violation.level,
            "severity": violation.severity,
            **_subject(plan, violation.urn),
            "message": violation.message,
            "page": violation.page,
        }
        if position in saved:
            row["saves"] = amount_range(saved[position])
        if in_base is not None:
            row["in_base"] = _identity(violation) in in_base
        yield row
    for event in plan.policy:
        if report is None or event.pack != report.pack:
            yield {
                "stack": plan.stack,
                "policy": event.policy,
                "enforcement": event.enforcement,
                "severity": event.severity,
                **_subject(plan, event.urn),
                "message": event.message,
                "page": "",
            }


def _identity(violation: ReportedViolation) -> tuple[str, str, str, str]:
    """What two violations of one stack have in common when they are the same; values may differ."""
    return (violation.policy, violation.urn, violation.property, "" if violation.urn else violation.name)


def _rules(reports: Mapping[str, PolicyReport]) -> list[PolicyRule]:
    rules: dict[str, PolicyRule] = {}
    for report in reports.values():
        for rule in report.rules:
            rules[rule.id] = {
                "id": rule.id,
                "description": rule.description,
                "fix": rule.fix,
                "level": rule.level,
                "severity": rule.severity,
                "page": rule.page,
            }
    return list(rules.values())


def _exemptions(plans: Sequence[Plan], reports: Mapping[str, PolicyReport]) -> Iterator[Exemption]:
    """Each exemption with every resource that needed it, then those that no resource of any plan needed."""
    needed: dict[ExemptionInForce, bool] = {}
    for plan in plans:
        report = reports.get(plan.name)
        for exemption in report.exemptions if report else ():
            entry = replace(exemption, urns=())
            needed[entry] = needed.get(entry, False) or bool(exemption.urns)
            for urn in exemption.urns:
                yield _exemption(exemption, stack=plan.stack, urn=urn)
    yield from (_exemption(entry) for entry, is_needed in needed.items() if not is_needed)


def _exemption(exemption: ExemptionInForce, stack: str = "", urn: str = "") -> Exemption:
    return {
        "policy": exemption.policy,
        "resource": exemption.resource,
        "owner": exemption.owner,
        "reason": exemption.reason,
        "expires": exemption.expires,
        "days_left": exemption.days_left,
        "stack": stack,
        "urn": urn,
    }


def _not_applicable(plan: Plan, report: PolicyReport | None) -> Iterator[NotApplicable]:
    for item in report.undetermined if report else ():
        yield {
            "stack": plan.stack,
            "policy": item.policy,
            **_subject(plan, item.urn),
            "message": f"{item.property} {item.reason}",
        }
    for event in plan.not_applicable:
        yield {
            "stack": plan.stack,
            "policy": event.policy,
            **_subject(plan, event.urn),
            "message": event.reason,
        }


class _Subject(TypedDict):
    urn: str
    name: str
    type: str
    source: SourceLine | None


def _subject(plan: Plan, urn: str) -> _Subject:
    """The resource that a result is about; of a result about no resource the name is that of the stack."""
    resource = plan.by_urn.get(urn)
    parts = urn.split("::", 3)
    return {
        "urn": urn,
        "name": parts[3] if len(parts) == 4 else plan.stack,
        "type": parts[2].rpartition("$")[2] if len(parts) == 4 else "",
        "source": source_line(resource) if resource else None,
    }
