"""S3 lifecycle rules that cost money: transitions too early, too short, in the wrong order, or too late."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, integer_option, resource_policy, text_list_option
from policies.rules.lifecycle_configuration import (
    BUCKETS,
    CONFIGURATIONS,
    WARM_TO_COLD,
    Action,
    Schedule,
    schedules_of,
)
from teei_finops.aws_limits import S3_FIRST_TRANSITION_DAY, S3_MINIMUM_DAYS

_applies = (BUCKETS | CONFIGURATIONS).__contains__


def lifecycle_keeps_minimum_days(context: EvaluationContext) -> Policy:
    rule = Rule(
        "lifecycle-keeps-minimum-days",
        {
            "minimum_days": {
                "type": "object",
                "additionalProperties": {"type": "number"},
                "description": "the minimum storage duration of each storage class in days",
                "default": S3_MINIMUM_DAYS,
            },
            "first_day": {
                "type": "object",
                "additionalProperties": {"type": "number"},
                "description": "the age in days from which objects may transition to a storage class",
                "default": S3_FIRST_TRANSITION_DAY,
            },
        },
    )

    def check(schedule: Schedule, options: Options) -> Iterator[Violation]:
        first_day, minimum = options["first_day"], options["minimum_days"]
        for transition in schedule.ordered:
            first = first_day.get(transition.storage_class, transition.day)
            if transition.day < first:
                what = f"transition to {transition}, before day {first:g}"
                yield _violation(transition, schedule, what, f"move the transition to day {first:g}")
        for transition, following in storage_periods(schedule):
            days = following.day - transition.day
            least = minimum.get(transition.storage_class, days)
            if 0 < days < least and not is_not_colder(transition, following, WARM_TO_COLD):
                yield _violation(
                    transition,
                    schedule,
                    f"transition to {transition}, stay {days} days and are billed for {least:g}",
                    f"let the next transition or the expiration follow after at least {least:g} days",
                )

    return resource_policy(rule, context, _applies, _for_each_schedule(check))


def lifecycle_moves_to_colder_classes(context: EvaluationContext) -> Policy:
    rule = Rule(
        "lifecycle-moves-to-colder-classes",
        {"classes": text_list_option("storage classes from warm to cold", WARM_TO_COLD)},
    )

    def check(schedule: Schedule, options: Options) -> Iterator[Violation]:
        for transition, following in pairwise(schedule.ordered):
            if transition.day == following.day or is_not_colder(transition, following, options["classes"]):
                yield _violation(
                    following,
                    schedule,
                    f"transition to {following}, which cannot follow {transition}",
                    "let each transition go to a colder class on a later day",
                )

    return resource_policy(rule, context, _applies, _for_each_schedule(check))


def lifecycle_expires_after_transitions(context: EvaluationContext) -> Policy:
    rule = Rule(
        "lifecycle-expires-after-transitions",
        {
            "days_after": integer_option(
                "the least number of days between the last transition and the expiration", 1, minimum=1
            )
        },
    )

    def check(schedule: Schedule, options: Options) -> Iterator[Violation]:
        expiration = schedule.expiration
        for transition in schedule.ordered:
            if expiration and expiration.day < transition.day + options["days_after"]:
                yield _violation(
                    transition,
                    schedule,
                    f"transition to {transition}, but expire on {expiration.when}",
                    "let the objects expire after the transition, or delete the transition",
                )

    return resource_policy(rule, context, _applies, _for_each_schedule(check))


def storage_periods(schedule: Schedule) -> Iterator[tuple[Action, Action]]:
    """Each transition with the action that ends it: the next transition, or the expiration."""
    yield from pairwise(schedule.ordered)
    if schedule.ordered and schedule.expiration:
        yield schedule.ordered[-1], schedule.expiration


def is_not_colder(transition: Action, following: Action, classes: Sequence[str]) -> bool:
    """The following class is not colder; an unknown class is never compared."""
    if not {transition.storage_class, following.storage_class}.issubset(classes):
        return False
    return classes.index(transition.storage_class) >= classes.index(following.storage_class)


def _for_each_schedule(
    check: Callable[[Schedule, Options], Iterator[Violation]],
) -> Callable[[Resource, Options], Iterator[Finding]]:
    def check_resource(resource: Resource, options: Options) -> Iterator[Finding]:
        for schedule in schedules_of(resource):
            if isinstance(schedule, Undetermined):
                yield schedule
            else:
                yield from check(schedule, options)

    return check_resource


def _violation(transition: Action, schedule: Schedule, what: str, fix: str) -> Violation:
    rule = transition.rule
    return Violation(rule.block.path, f"rule {rule.name}: {schedule.objects} {what}", str(schedule), fix)
