"""The exemptions themselves: those that do not count are violations, those in use are told."""

from collections.abc import Callable, Iterator

from pulumi_policy import (
    Policy,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies import messages
from policies.exemptions import LONGEST_DAYS
from policies.rule import Context, Rule

SECTION = "Cost Optimization Strategy"
VALID = "exemptions-are-valid"
# Judging the file of exemptions, these cannot be exempted from.
NEVER_EXEMPT = frozenset({VALID, messages.IN_FORCE, messages.IN_FORCE_IN_STACK})

_SHOW = {
    "show": {"type": "boolean", "description": "report each exemption that is used", "default": True},
}


def exemptions_are_valid(context: Context) -> Policy:
    """Reported with the stack: an entry of the file belongs to no resource."""
    rule = Rule(
        id=VALID,
        description=f"Give every exemption a policy, a resource, an owner, a reason and an expiry within"
        f" {LONGEST_DAYS} days.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Correct the entry in exemptions.yaml; delete one that has expired, or have its owner renew it.",
        options={
            "ignore": {
                "type": "array",
                "items": {"type": "string"},
                "description": "places in the file (such as `exemptions.yaml, exemption 1`) not to report",
                "default": [],
            }
        },
        tags=("exemptions",),
    )

    def validate(args: StackValidationArgs, report: Callable[..., None]) -> None:
        ignored = rule.configured(args.get_config())["ignore"]
        for fault in context.exemptions.faults:
            if fault.where not in ignored:
                report(messages.breach(fault.where, fault.what, fault.value, fault.fix))

    return StackValidationPolicy(validate=validate, **rule.keywords())


def exemptions_in_force(context: Context) -> Policy:
    """Told with the resource that an exemption was used for. Comes after the policies of single resources."""
    rule = _in_force_rule(messages.IN_FORCE, "a resource")

    def validate(args: ResourceValidationArgs, report: Callable[..., None]) -> None:
        shown = rule.configured(args.get_config())["show"]
        for message in _told(context, args.urn):
            if shown:
                report(message)

    return ResourceValidationPolicy(validate=validate, **rule.keywords())


def exemptions_in_force_in_stack(context: Context) -> Policy:
    """The same for exemptions from policies that look at the whole stack. Comes last."""
    rule = _in_force_rule(messages.IN_FORCE_IN_STACK, "a resource from a policy on the whole stack")

    def validate(args: StackValidationArgs, report: Callable[..., None]) -> None:
        shown = rule.configured(args.get_config())["show"]
        for urn in list(context.uses):
            for message in _told(context, urn):
                if shown:
                    report(message, urn)

    return StackValidationPolicy(validate=validate, **rule.keywords())


def _in_force_rule(name: str, what: str) -> Rule:
    return Rule(
        id=name,
        description=f"Know which exemptions are in use: this one exempts {what}.",
        severity=Severity.LOW,
        section=SECTION,
        fix="Nothing before the exemption expires; then mend the resource.",
        options=_SHOW,
        advisory=True,
        tags=("exemptions",),
    )


def _told(context: Context, urn: str) -> Iterator[str]:
    """The messages of the uses recorded for a resource, which are forgotten once told."""
    for exemption, name in context.uses.pop(urn, {}).items():
        yield messages.in_force(
            name,
            policy=exemption.policy,
            resource=exemption.resource,
            owner=exemption.owner,
            reason=exemption.reason,
            expires=exemption.expires.isoformat(),
            days_left=context.exemptions.days_left(exemption),
        )
