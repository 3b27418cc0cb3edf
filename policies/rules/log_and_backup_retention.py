"""Logs, backups and snapshots must not be kept, and paid for, forever."""

from collections.abc import Callable, Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, integer_option, resource_policy, text_list_option

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BACKUP_PLAN = "aws:backup/plan:Plan"
SNAPSHOT_SCHEDULE = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
# Manual snapshots that can end, and the property that says after how many days.
ENDING_SNAPSHOTS = {
    "aws:redshift/clusterSnapshot:ClusterSnapshot": "manualSnapshotRetentionPeriod",
    "aws:redshiftserverless/snapshot:Snapshot": "retentionPeriod",
}
# AWS never deletes these by itself.
MANUAL_SNAPSHOTS = frozenset({
    "aws:ebs/snapshot:Snapshot",
    "aws:ebs/snapshotCopy:SnapshotCopy",
    "aws:ebs/snapshotImport:SnapshotImport",
    "aws:rds/snapshot:Snapshot",
    "aws:rds/snapshotCopy:SnapshotCopy",
    "aws:rds/clusterSnapshot:ClusterSnapshot",
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy",
    "aws:docdb/clusterSnapshot:ClusterSnapshot",
    "aws:fsx/backup:Backup",
    "aws:memorydb/snapshot:Snapshot",
    "aws:neptune/clusterSnapshot:ClusterSnapshot",
})  # fmt: skip
# The class of log groups that keep events for two days, whatever they set: `retentionInDays` of
# https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/loggroup/, 2026-11.
DELIVERY = "DELIVERY"
LONGEST_LOG_DAYS = 3653  # the longest retention of CloudWatch Logs


def log_group_has_retention(context: EvaluationContext) -> Policy:
    rule = Rule(
        "log-group-has-retention",
        {
            "maximum_days": integer_option(
                "the most days that a log group may keep its events", LONGEST_LOG_DAYS, minimum=1
            )
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.inputs["logGroupClass"].text() == DELIVERY:
            return
        retention = resource.inputs["retentionInDays"]
        too_long = _too_long(retention, options["maximum_days"])
        if too_long:
            what = f"keeps log events {too_long}"
            yield Violation(retention.path, what, retention.data, "set retention_in_days")

    return resource_policy(rule, context, LOG_GROUP.__eq__, check)


def backups_expire(context: EvaluationContext) -> Policy:
    """Rules of AWS Backup plans and the copies that they make; schedules of Data Lifecycle Manager."""
    rule = Rule(
        "backups-expire",
        {
            "maximum_days": integer_option(
                "the most days after which AWS Backup must delete a backup", 36500, minimum=1
            )
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.type == SNAPSHOT_SCHEDULE:
            yield from _check_each(_retain_rules(resource), _check_retain_rule)
        else:
            yield from _check_each(
                _backup_lifecycles(resource),
                lambda lifecycle: _check_backup_lifecycle(lifecycle, options["maximum_days"]),
            )

    return resource_policy(rule, context, {BACKUP_PLAN, SNAPSHOT_SCHEDULE}.__contains__, check)


def snapshots_expire(context: EvaluationContext) -> Policy:
    rule = Rule(
        "snapshots-expire",
        {
            "types": text_list_option(
                "the types of snapshots that AWS never deletes", sorted(MANUAL_SNAPSHOTS)
            )
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.type in options["types"]:
            yield Violation(
                "",
                "a manual snapshot is kept forever",
                resource.type,
                "take it with an AWS Backup plan or a Data Lifecycle Manager policy",
            )
        elif resource.type in ENDING_SNAPSHOTS:
            days = resource.inputs[ENDING_SNAPSHOTS[resource.type]]
            if days.number() <= 0:
                fix = f"set {days.path} to the days that the snapshot is needed"
                yield Violation(days.path, "keeps the snapshot forever", days.data, fix)

    return resource_policy(rule, context, (MANUAL_SNAPSHOTS | ENDING_SNAPSHOTS.keys()).__contains__, check)


def _too_long(days: Property, most: float) -> str:
    """For how long, where that is too long; else blank."""
    if days.number() <= 0:
        return "forever"
    return f"for more than {most:g} days" if days.number() > most else ""


def _check_each(
    blocks: Iterator[Property], check: Callable[[Property], Iterator[Finding]]
) -> Iterator[Finding]:
    for block in blocks:
        yield from findings_of(check, block)


def _backup_lifecycles(plan: Resource) -> Iterator[Property]:
    for rule in plan.inputs["rules"].items():
        yield rule["lifecycle"]
        for copy in rule["copyActions"].items():
            yield copy["lifecycle"]


def _check_backup_lifecycle(lifecycle: Property, most: float) -> Iterator[Finding]:
    days = lifecycle["deleteAfter"]
    too_long = _too_long(days, most)
    if too_long:
        yield Violation(days.path, f"keeps backups {too_long}", days.data, "set delete_after")


def _retain_rules(policy: Resource) -> Iterator[Property]:
    for schedule in policy.inputs["policyDetails"]["schedules"].items():
        yield schedule["retainRule"]
        for copy in schedule["crossRegionCopyRules"].items():
            yield copy["retainRule"]


def _check_retain_rule(rule: Property) -> Iterator[Finding]:
    if max(rule["count"].number(), rule["interval"].number()) <= 0:
        fix = "set a retain rule with a count or an interval"
        yield Violation(rule.path, "keeps snapshots forever", rule.data, fix)
