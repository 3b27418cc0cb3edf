"""Actions of S3 lifecycle rules that S3 rejects on deploy."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.properties import Property, Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option
from policies.rules.lifecycle_configuration import BUCKETS, CONFIGURATIONS, SIZES, LifecycleRule, rules_of

ABORT, MARKER = "AbortIncompleteMultipartUpload", "ExpiredObjectDeleteMarker"


def lifecycle_actions_fit(context: EvaluationContext) -> Policy:
    rule = Rule(
        "lifecycle-actions-fit",
        {"actions": text_list_option("the actions that are checked", (ABORT, MARKER))},
    )

    def check_rule(lifecycle_rule: LifecycleRule, actions: list[str]) -> Iterator[Finding]:
        block = lifecycle_rule.block
        if ABORT in actions and lifecycle_rule.aborts_uploads:
            yield from _unless_absent(_tags(block), f"a tag beside {ABORT}")
            yield from _unless_absent(_sizes(block), f"an object size beside {ABORT}")
        for expiration in [*block["expiration"].items(), *block["expirations"].items()]:
            marker = expiration["expiredObjectDeleteMarker"]
            if MARKER in actions and marker.boolean():
                yield from _unless_absent(_tags(block), f"a tag beside {MARKER}")
                times = [expiration["days"], expiration["date"]]
                # The provider leaves out 0 days, which is what it fills in itself.
                yield from _unless_absent([time for time in times if time.data != 0], f"set beside {MARKER}")

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for lifecycle_rule in rules_of(resource):
            yield from findings_of(check_rule, lifecycle_rule, options["actions"])

    return resource_policy(rule, context, (BUCKETS | CONFIGURATIONS).__contains__, check)


def _tags(block: Property) -> list[Property]:
    conditions = block["filter"]
    return [block["tags"], conditions["tag"], conditions["tags"], conditions["and"]["tags"]]


def _sizes(block: Property) -> list[Property]:
    conditions = block["filter"]
    return [part[size] for part in (conditions, conditions["and"]) for size in SIZES]


def _unless_absent(values: list[Property], what: str) -> Iterator[Finding]:
    for value in values:
        if value.unknown:
            yield Undetermined(value.path)
        elif value.data not in (None, "", {}):
            yield Violation(value.path, f"is {what}", value.data, "put the action into a rule of its own")
