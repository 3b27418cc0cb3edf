"""From a rule to a policy of the SDK: what every policy of the pack has in common.

A check yields a `Violation` for each thing that is wrong, and raises or yields `Undetermined` for a property
that it cannot read before the deploy. A violation is reported unless an exemption covers the resource. An
undetermined property is reported as advisory, whatever the policy's level.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies import messages
from policies.catalogue.entries import Entry, entries
from policies.evaluation_context import EvaluationContext, PolicyFindings
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.properties import Undetermined
from policies.resources import Resource, Stack
from teei_finops.policy_report import ReportedViolation, UndeterminedProperty

GUIDE = "TEEI FinOps Strategy & Implementation Guide"
GUIDE_VERSION = "1.0"

Options = Mapping[str, Any]
ResourceCheck = Callable[[Resource, Options], Iterable[Finding]]
StackCheck = Callable[[Stack, Options], Iterable[ResourceFinding]]


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue as a policy; `options` are JSON schemas by name, each with its default."""

    id: str
    options: Mapping[str, Mapping[str, Any]]

    @property
    def entry(self) -> Entry:
        return entries()[self.id]

    def with_defaults(self, configured: Mapping[str, Any] | None) -> dict[str, Any]:
        """The options that the pack's config sets, and the defaults of the others."""
        return {name: schema["default"] for name, schema in self.options.items()} | dict(configured or {})

    def sdk_arguments(self) -> dict[str, Any]:
        """The arguments that both policy classes of the SDK take."""
        entry = self.entry
        schemas = {name: dict(schema) for name, schema in self.options.items()}
        return {
            "name": self.id,
            "description": entry.description,
            "enforcement_level": EnforcementLevel(entry.level),
            "config_schema": PolicyConfigSchema(schemas),
            "display_name": self.id.replace("-", " ").capitalize(),
            "severity": Severity(entry.severity),
            "framework": PolicyComplianceFramework(GUIDE, GUIDE_VERSION, entry.section, entry.section),
            "tags": [entry.concern],
            "remediation_steps": entry.fix,
            "url": entry.page,
        }


def integer_option(
    description: str, default: int, minimum: int | None = None, maximum: int | None = None
) -> dict[str, Any]:
    """The schema of an option that is a whole number."""
    bounds = {"minimum": minimum, "maximum": maximum}
    known = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"type": "integer", **known, "description": description, "default": default}


def text_list_option(description: str, default: Iterable[str]) -> dict[str, Any]:
    """The schema of an option that is a list of texts."""
    items = {"type": "string"}
    return {"type": "array", "items": items, "description": description, "default": list(default)}


def options_of(policy: Policy) -> Collection[str]:
    return policy.config_schema.properties if policy.config_schema else ()


class UndeterminedError(UnknownValueError):
    """Makes the SDK report, as advisory, which properties cannot be determined."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.message = message


def resource_policy(
    rule: Rule, context: EvaluationContext, applies: Callable[[str], bool], check: ResourceCheck
) -> ResourceValidationPolicy:
    """A policy on single resources, those of the types that `applies` selects."""

    def validate(args: ResourceValidationArgs, report: Callable[..., None]) -> None:
        if applies(args.resource_type):
            resource = context.shown[args.urn]
            findings = findings_of(check, resource, rule.with_defaults(args.get_config()))
            report_findings(rule, context, ((resource, finding) for finding in findings), report, args.urn)

    return ResourceValidationPolicy(validate=validate, **rule.sdk_arguments())


def stack_policy(rule: Rule, context: EvaluationContext, check: StackCheck) -> StackValidationPolicy:
    """A policy on all resources of the stack together."""

    def validate(args: StackValidationArgs, report: Callable[..., None]) -> None:
        findings = check(context.stack, rule.with_defaults(args.get_config()))
        report_findings(rule, context, findings, report)

    return StackValidationPolicy(validate=validate, **rule.sdk_arguments())


def report_findings(
    rule: Rule,
    context: EvaluationContext,
    findings: Iterable[ResourceFinding],
    report: Callable[..., None],
    urn: str = "",
) -> None:
    """Report what is not exempt: violations one by one, then undetermined properties all at once.

    `urn` is that of the resource that the policy looks at, blank for a policy on the stack. Raises
    `UndeterminedError`, which the SDK turns into a report.
    """
    violations: list[ReportedViolation] = []
    undetermined: list[UndeterminedProperty] = []
    for resource, finding in findings:
        if context.is_exempt(rule.id, resource):
            continue
        if isinstance(finding, Undetermined):
            undetermined.append(_undetermined_property(rule, resource, finding))
        else:
            text = messages.violation(resource.name, finding)
            violations.append(_reported_violation(rule, context, resource, finding, text))
            report(text, resource.urn)
    undetermined = list(dict.fromkeys(undetermined))
    context.record(rule.id, urn, PolicyFindings(tuple(violations), tuple(undetermined)))
    if undetermined:
        raise UndeterminedError(messages.undetermined(undetermined))


def _undetermined_property(rule: Rule, resource: Resource, finding: Undetermined) -> UndeterminedProperty:
    return UndeterminedProperty(
        policy=rule.id,
        urn=resource.urn,
        name=resource.name,
        type=resource.type,
        property=finding.property,
        reason=finding.reason,
    )


def _reported_violation(
    rule: Rule, context: EvaluationContext, resource: Resource, violation: Violation, text: str
) -> ReportedViolation:
    return ReportedViolation(
        policy=rule.id,
        level=context.levels.get(rule.id, rule.entry.level),
        severity=rule.entry.severity,
        urn=resource.urn,
        name=resource.name,
        type=resource.type,
        property=violation.property,
        value=messages.plain(violation.value),
        what=violation.what,
        fix=violation.fix,
        page=context.page_of(rule.id),
        remedy=violation.remedy,
        message=f"{rule.entry.description}\n{text}",
    )
