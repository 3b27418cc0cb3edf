"""The exemptions themselves: invalid entries of the file are violations, exemptions in use are reported."""

from collections.abc import Callable, Iterator

from pulumi_policy import (
    Policy,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies import messages
from policies.evaluation_context import EvaluationContext
from policies.findings import ResourceFinding, Violation
from policies.properties import ABSENT
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy, text_list_option

VALID = "exemptions-are-valid"
IN_FORCE = "exemptions-in-force"
IN_FORCE_IN_STACK = "exemptions-in-force-in-stack"
# An exemption from these would hide exemptions.
NEVER_EXEMPT = frozenset({VALID, IN_FORCE, IN_FORCE_IN_STACK})


def exemptions_are_valid(context: EvaluationContext) -> Policy:
    """Reported for the stack, since an entry of the file is no resource."""
    rule = Rule(
        VALID,
        {
            "ignore": text_list_option(
                "entries that are not checked, such as `exemptions.yaml, exemption 1`", []
            )
        },
    )

    def check(_: Stack, options: Options) -> Iterator[ResourceFinding]:
        for entry in context.exemptions.invalid:
            if entry.place not in options["ignore"]:
                place = Resource(type="", urn="", name=entry.place, inputs=ABSENT)
                yield place, Violation("", entry.what, entry.value, entry.fix)

    return stack_policy(rule, context, check)


def exemptions_in_force(context: EvaluationContext) -> Policy:
    """Reported for the exempt resource. Must come after the other policies on single resources."""
    rule = _in_force_rule(IN_FORCE)

    def validate(args: ResourceValidationArgs, report: Callable[..., None]) -> None:
        shown = rule.with_defaults(args.get_config())["show"]
        for message in _messages(context, args.urn):
            if shown:
                report(message)

    return ResourceValidationPolicy(validate=validate, **rule.sdk_arguments())


def exemptions_in_force_in_stack(context: EvaluationContext) -> Policy:
    """The same for exemptions from policies on the whole stack. Must come last."""
    rule = _in_force_rule(IN_FORCE_IN_STACK)

    def validate(args: StackValidationArgs, report: Callable[..., None]) -> None:
        shown = rule.with_defaults(args.get_config())["show"]
        for urn in context.urns_with_unreported_exemptions():
            for message in _messages(context, urn):
                if shown:
                    report(message, urn)

    return StackValidationPolicy(validate=validate, **rule.sdk_arguments())


def _in_force_rule(name: str) -> Rule:
    show = {"type": "boolean", "description": "report each exemption in use", "default": True}
    return Rule(name, {"show": show})


def _messages(context: EvaluationContext, urn: str) -> Iterator[str]:
    """The messages of the exemptions that a resource needed, each once."""
    for exemption, name in context.take_unreported_exemptions(urn).items():
        yield messages.exemption_in_use(name, exemption, context.exemptions.days_left(exemption))
