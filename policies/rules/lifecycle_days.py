"""Lifecycle rules that lose money: moves too early, too short, in the wrong order, or after the end."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from pulumi_policy import Policy, Severity

from policies.rule import Breach, Context, Finding, Options, Resource, Rule, resource_policy
from policies.rules.lifecycle_configuration import (
    BUCKETS,
    COLDER,
    CONFIGURATIONS,
    Schedule,
    Step,
    schedules_of,
)
from policies.values import Open
from teei_finops.aws_limits import S3_FIRST_TRANSITION_DAY, S3_MINIMUM_DAYS

SECTION = "Storage Retention Policies"
_APPLIES = (BUCKETS | CONFIGURATIONS).__contains__


def lifecycle_keeps_minimum_days(context: Context) -> Policy:
    """A class is billed for its minimum days, so an object stays at least as long."""
    rule = Rule(
        id="lifecycle-keeps-minimum-days",
        description="Keep objects in a storage class for the days it is billed for at least.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Move the transition or the expiry to a later day, or leave out the class in between.",
        options={
            "minimum_days": {
                "type": "object",
                "additionalProperties": {"type": "number"},
                "description": "days that a storage class is billed for at least",
                "default": S3_MINIMUM_DAYS,
            },
            "first_day": {
                "type": "object",
                "additionalProperties": {"type": "number"},
                "description": "the first day on which objects may move to a class",
                "default": S3_FIRST_TRANSITION_DAY,
            },
        },
        tags=("retention",),
    )

    def check(schedule: Schedule, options: Options) -> Iterator[Breach]:
        first_day, minimum = options["first_day"], options["minimum_days"]
        for step in schedule.steps:
            first = first_day.get(step.storage_class, step.day)
            if step.day < first:
                yield _breach(step, schedule, f"begins before day {first:g}", f"move it to day {first:g}")
        for step, later in stays(schedule):
            days = later.day - step.day
            least = minimum.get(step.storage_class, days)
            if 0 < days < least and not backwards(step, later, COLDER):
                yield _breach(
                    step,
                    schedule,
                    f"lasts {days} days and is billed for {least:g}",
                    f"let what follows wait for {least:g} days",
                )

    return resource_policy(rule, context, _APPLIES, _each_schedule(check))


def lifecycle_moves_to_colder_classes(context: Context) -> Policy:
    """S3 moves objects only from warmer to colder classes, one on a day."""
    rule = Rule(
        id="lifecycle-moves-to-colder-classes",
        description="Order lifecycle transitions from warmer to colder storage classes, each on its own day.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Give the colder class the later day.",
        options={
            "classes": {
                "type": "array",
                "items": {"type": "string"},
                "description": "storage classes from warm to cold",
                "default": list(COLDER),
            }
        },
        tags=("retention",),
    )

    def check(schedule: Schedule, options: Options) -> Iterator[Breach]:
        for step, later in pairwise(schedule.steps):
            if step.day == later.day or backwards(step, later, options["classes"]):
                yield _breach(
                    later,
                    schedule,
                    f"does not follow {step}",
                    "let each transition go to a colder class on a later day",
                )

    return resource_policy(rule, context, _APPLIES, _each_schedule(check))


def lifecycle_expires_after_transitions(context: Context) -> Policy:
    """A transition on or after the day of the expiry costs its request and does nothing."""
    rule = Rule(
        id="lifecycle-expires-after-transitions",
        description="Let objects expire later than their last lifecycle transition.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Move the expiry to a later day, or delete the transition.",
        options={
            "days_after": {
                "type": "integer",
                "minimum": 1,
                "description": "days between the last transition and the expiry, at least",
                "default": 1,
            }
        },
        tags=("retention",),
    )

    def check(schedule: Schedule, options: Options) -> Iterator[Breach]:
        expiry = schedule.expiry
        for step in schedule.steps:
            if expiry and expiry.day < step.day + options["days_after"]:
                yield _breach(
                    step,
                    schedule,
                    "comes too late: the objects have expired",
                    "let them expire after it, or delete the transition",
                )

    return resource_policy(rule, context, _APPLIES, _each_schedule(check))


def stays(schedule: Schedule) -> Iterator[tuple[Step, Step]]:
    """Each step with what ends it: the next step, and for the last one the expiry."""
    yield from pairwise(schedule.steps)
    if schedule.steps and schedule.expiry:
        yield schedule.steps[-1], schedule.expiry


def backwards(step: Step, later: Step, classes: Sequence[str]) -> bool:
    """The later class is not colder; a class that is not among the known ones is not compared."""
    if not {step.storage_class, later.storage_class}.issubset(classes):
        return False
    return classes.index(step.storage_class) >= classes.index(later.storage_class)


def _each_schedule(
    check: Callable[[Schedule, Options], Iterator[Breach]],
) -> Callable[[Resource, Options], Iterator[Finding]]:
    def whole(resource: Resource, options: Options) -> Iterator[Finding]:
        for schedule in schedules_of(resource):
            if isinstance(schedule, Schedule):
                yield from check(schedule, options)
            elif isinstance(schedule, Open):
                yield schedule

    return whole


def _breach(step: Step, schedule: Schedule, what: str, fix: str) -> Breach:
    return Breach(f"rule {step.rule}: {schedule.what} {step} {what}", str(schedule), fix)
