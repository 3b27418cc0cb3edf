"""Budgets: whatever costs money is charged to a budget, and a budget tells somebody in time."""

from collections.abc import Iterator, Mapping
from itertools import chain

from pulumi_policy import Policy, Severity

from policies.effective_tags import aws_tags
from policies.rule import (
    Breach,
    Context,
    Finding,
    Located,
    Options,
    Resource,
    Rule,
    Stack,
    judged,
    resource_policy,
    stack_policy,
)
from policies.values import Open, Value

SECTION = "Cloud Cost Tracking"
BUDGET = "aws:budgets/budget:Budget"
FORECAST = "FORECASTED"
_SHOWN = 3

_NAMES = {
    "budgets": {
        "type": "array",
        "items": {"type": "string"},
        "description": "names of budgets kept elsewhere, besides those of the stack and of its config",
        "default": [],
    }
}


def budget_tag_names_a_budget(
    context: Context, taggable: Mapping[str, str], costing: frozenset[str]
) -> Policy:
    """Only types that cost money; a type without tags cannot name one and is left alone."""
    rule = Rule(
        id="budget-tag-names-a-budget",
        description="Charge every AWS resource that can cost money to a budget that exists.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set the tag budget to the name of an aws.budgets.Budget of the stack or of a budget in the"
        " stack's config, or declare the budget.",
        options={**_NAMES, "tag": {"type": "string", "description": "the tag's key", "default": "budget"}},
        tags=("budgeting",),
    )
    applies = (costing & taggable.keys()).__contains__

    def one(resource: Resource, key: str, names: "BudgetNames") -> Iterator[Finding]:
        tagged = aws_tags(resource, taggable)
        value = tagged.tags.get(key)
        choice = f"set the tag {key} to one of {', '.join(sorted(names.known)) or 'the budgets of the stack'}"
        if value is None:
            if tagged.open_path:
                yield Open(tagged.open_path)
            else:
                yield Breach(f"costs money and has no tag {key}", tagged.shown, choice)
        elif value.text() not in names.known:
            if names.unknown:
                yield Open(value.path, f"is {value.text()!r}, and the name of {names.unknown} is unknown")
            else:
                yield Breach(f"its tag {key} names no budget", value.data, f"{choice}, or declare the budget")

    def check(stack: Stack, options: Options) -> Iterator[Located]:
        names = BudgetNames.of(context, stack, options)
        if names.none:
            return
        for resource in stack.of(applies):
            for finding in judged(one, resource, options["tag"], names):
                yield resource, finding

    return stack_policy(rule, context, check)


def stack_has_a_budget(context: Context, costing: frozenset[str]) -> Policy:
    """Reported once, with the first resource that costs money."""
    rule = Rule(
        id="stack-has-a-budget",
        description="Declare a budget in every stack that has AWS resources which can cost money.",
        severity=Severity.CRITICAL,
        section=SECTION,
        fix="Declare an aws.budgets.Budget, or the budgets' names under `budgets` in the stack's config.",
        options=_NAMES,
        tags=("budgeting",),
    )

    def check(stack: Stack, options: Options) -> Iterator[Located]:
        charged = stack.of(costing.__contains__)
        if not charged or not BudgetNames.of(context, stack, options).none:
            return
        names = [resource.name for resource in charged]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield (
            charged[0],
            Breach(
                "the stack has resources that cost money and no budget",
                ", ".join(names[:_SHOWN]) + more,
                "declare an aws.budgets.Budget, or list the budgets in the stack's config under budgets",
            ),
        )

    return stack_policy(rule, context, check)


class BudgetNames:
    """The names a budget tag may hold; `unknown` is the resource name of a budget without a known name."""

    def __init__(self, known: frozenset[str], unknown: str) -> None:
        self.known = known
        self.unknown = unknown

    @property
    def none(self) -> bool:
        return not self.known and not self.unknown

    @classmethod
    def of(cls, context: Context, stack: Stack, options: Options) -> "BudgetNames":
        budgets = stack.of(BUDGET.__eq__)
        named = {
            each.name: each.outputs["name"] if each.props["name"].absent else each.props["name"]
            for each in budgets
        }
        known = (name.data for name in named.values() if isinstance(name.data, str))
        unknown = next((each for each, name in named.items() if not isinstance(name.data, str)), "")
        return cls(frozenset(chain(known, context.facts.budgets, options["budgets"])), unknown)


def budget_notifies_somebody(context: Context) -> Policy:
    """A notification without a subscriber counts as none."""
    rule = Rule(
        id="budget-notifies-somebody",
        description="Give every budget a notification with a subscriber.",
        severity=Severity.HIGH,
        section="Alerts & Escalation",
        fix="Add a notification with subscriber_email_addresses or subscriber_sns_topic_arns.",
        options={
            "notifications": {
                "type": "integer",
                "minimum": 1,
                "description": "how many notifications with a subscriber a budget has at least",
                "default": 1,
            }
        },
        tags=("budgeting",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        heard, left_open = _heard(resource)
        if len(heard) < options["notifications"]:
            yield from left_open or [
                Breach(
                    "the budget tells nobody",
                    resource.props["notifications"].data,
                    f"add notifications with a subscriber, at least {int(options['notifications'])}",
                )
            ]

    return resource_policy(rule, context, BUDGET.__eq__, check)


def budget_alerts_on_forecast(context: Context) -> Policy:
    """An alert on the forecast comes before the money is spent."""
    rule = Rule(
        id="budget-alerts-on-forecast",
        description="Give every budget an alert on the forecast, so that it is heard of before it is spent.",
        severity=Severity.MEDIUM,
        section="Alerts & Escalation",
        fix="Add a notification of the type FORECASTED with a subscriber.",
        options={
            "type": {
                "type": "string",
                "description": "the type of notification that is asked for",
                "default": FORECAST,
            }
        },
        tags=("budgeting",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        heard, left_open = _heard(resource)
        kinds = [each["notificationType"] for each in heard]
        if any(kind.data == options["type"] for kind in kinds):
            return
        left_open += [Open(kind.path) for kind in kinds if kind.unknown]
        if heard or left_open:
            yield from left_open or [
                Breach(
                    "no notification on the forecast",
                    [kind.data for kind in kinds],
                    f"add a notification of the type {options['type']} with a subscriber",
                )
            ]

    return resource_policy(rule, context, BUDGET.__eq__, check)


def _heard(resource: Resource) -> tuple[list[Value], list[Open]]:
    """The notifications somebody gets, and those of which that is unknown."""
    heard, left_open = [], []
    for notification in resource.props["notifications"].items():
        lists = [notification[key] for key in ("subscriberEmailAddresses", "subscriberSnsTopicArns")]
        if any(_somebody(each) for each in lists):
            heard.append(notification)
        else:
            left_open += [Open(each.path) for each in lists if each.unknown]
    return heard, left_open


def _somebody(subscribers: Value) -> bool:
    return not subscribers.unknown and any(not each.blank() for each in subscribers.items())
