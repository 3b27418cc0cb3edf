"""Budgets: every resource that costs money is charged to one, and a budget alerts its subscribers in time."""

from collections.abc import Iterator, Mapping
from itertools import chain

from pulumi_policy import Policy

from policies.effective_tags import aws_tags
from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.properties import Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import (
    Options,
    Rule,
    integer_option,
    resource_policy,
    stack_policy,
    text_list_option,
)

BUDGET = "aws:budgets/budget:Budget"
FORECAST = "FORECASTED"
_MOST_NAMES = 3

_BUDGETS_OPTION = {
    "budgets": text_list_option("names of budgets that exist outside of the stack and its config", [])
}


def budget_tag_names_a_budget(
    context: EvaluationContext, taggable: Mapping[str, str], billable: frozenset[str]
) -> Policy:
    """Checks the types that both can cost money and take tags."""
    rule = Rule(
        "budget-tag-names-a-budget",
        {
            **_BUDGETS_OPTION,
            "tag": {"type": "string", "description": "the key of the tag", "default": "budget"},
        },
    )
    applies = (billable & taggable.keys()).__contains__

    def check_resource(resource: Resource, key: str, names: "BudgetNames") -> Iterator[Finding]:
        tagged = aws_tags(resource, taggable)
        value = tagged.tags.get(key)
        names_text = ", ".join(sorted(names.known)) or "the budgets of the stack"
        fix = f"set the tag {key} to one of {names_text}"
        if value is None:
            if tagged.undetermined_path:
                yield Undetermined(tagged.undetermined_path)
            else:
                what = f"no tag {key} on a resource that can cost money"
                yield Violation(tagged.path, what, tagged.shown, fix)
        elif value.text() not in names.known:
            if names.unknown:
                yield Undetermined(
                    value.path,
                    f"is {value.text()!r}, and the name of budget {names.unknown} is unknown until deploy",
                )
            else:
                yield Violation(
                    value.path, "is not the name of a budget", value.data, f"{fix}, or declare the budget"
                )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        names = BudgetNames.of(context, stack, options)
        if names.none:
            return
        for resource in stack.resources(applies):
            for finding in findings_of(check_resource, resource, options["tag"], names):
                yield resource, finding

    return stack_policy(rule, context, check)


def stack_has_a_budget(context: EvaluationContext, billable: frozenset[str]) -> Policy:
    """Reported once, for the first resource that can cost money."""
    rule = Rule("stack-has-a-budget", _BUDGETS_OPTION)

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        charged = stack.resources(billable.__contains__)
        if not charged or not BudgetNames.of(context, stack, options).none:
            return
        names = [resource.name for resource in charged]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield (
            charged[0],
            Violation(
                "",
                "the stack has resources that can cost money, but no budget",
                ", ".join(names[:_MOST_NAMES]) + more,
                "declare an aws.budgets.Budget, or list the budgets under budgets in the stack's config",
            ),
        )

    return stack_policy(rule, context, check)


class BudgetNames:
    """The names that a budget tag may hold; `unknown` is a budget whose own name is unknown."""

    def __init__(self, known: frozenset[str], unknown: str) -> None:
        self.known = known
        self.unknown = unknown

    @property
    def none(self) -> bool:
        return not self.known and not self.unknown

    @classmethod
    def of(cls, context: EvaluationContext, stack: Stack, options: Options) -> "BudgetNames":
        names = {
            budget.name: budget.outputs["name"] if budget.inputs["name"].absent else budget.inputs["name"]
            for budget in stack.resources(BUDGET.__eq__)
        }
        known = (name.data for name in names.values() if isinstance(name.data, str))
        unknown = next((budget for budget, name in names.items() if not isinstance(name.data, str)), "")
        return cls(frozenset(chain(known, context.stack_context.budgets, options["budgets"])), unknown)


def budget_notifies_somebody(context: EvaluationContext) -> Policy:
    """A notification without a subscriber does not count."""
    rule = Rule(
        "budget-notifies-somebody",
        {
            "notifications": integer_option(
                "the least number of notifications with a subscriber", 1, minimum=1
            )
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        subscribed, undetermined = _subscribed_notifications(resource)
        least = int(options["notifications"])
        if len(subscribed) < least:
            notifications = resource.inputs["notifications"]
            yield from undetermined or [
                Violation(
                    notifications.path,
                    f"{len(subscribed)} with a subscriber, at least {least} required",
                    notifications.data,
                    "add a notification with a subscriber",
                )
            ]

    return resource_policy(rule, context, BUDGET.__eq__, check)


def budget_alerts_on_forecast(context: EvaluationContext) -> Policy:
    rule = Rule(
        "budget-alerts-on-forecast",
        {
            "type": {
                "type": "string",
                "description": "the required type of notification",
                "default": FORECAST,
            }
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        subscribed, undetermined = _subscribed_notifications(resource)
        types = [notification["notificationType"] for notification in subscribed]
        if any(type_.data == options["type"] for type_ in types):
            return
        undetermined += [Undetermined(type_.path) for type_ in types if type_.unknown]
        if subscribed or undetermined:
            yield from undetermined or [
                Violation(
                    "notifications",
                    f"none of the type {options['type']} has a subscriber",
                    [type_.data for type_ in types],
                    f"add a notification of the type {options['type']} with a subscriber",
                )
            ]

    return resource_policy(rule, context, BUDGET.__eq__, check)


def _subscribed_notifications(budget: Resource) -> tuple[list[Property], list[Undetermined]]:
    """The notifications with a subscriber, and the unknown properties that may hold one."""
    subscribed, undetermined = [], []
    for notification in budget.inputs["notifications"].items():
        lists = [notification[key] for key in ("subscriberEmailAddresses", "subscriberSnsTopicArns")]
        if any(_has_subscriber(subscribers) for subscribers in lists):
            subscribed.append(notification)
        else:
            undetermined += [Undetermined(subscribers.path) for subscribers in lists if subscribers.unknown]
    return subscribed, undetermined


def _has_subscriber(subscribers: Property) -> bool:
    return not subscribers.unknown and any(not subscriber.blank() for subscriber in subscribers.items())
