"""Logs, backups and snapshots that would be kept, and paid for, for ever."""

from collections.abc import Callable, Iterator

from pulumi_policy import Policy, Severity

from policies.rule import Breach, Context, Finding, Options, Resource, Rule, judged, resource_policy
from policies.values import Value

SECTION = "Storage Retention Policies"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BACKUP_PLAN = "aws:backup/plan:Plan"
SNAPSHOT_SCHEDULE = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
REDSHIFT_SNAPSHOT = "aws:redshift/clusterSnapshot:ClusterSnapshot"
# Taken by hand: AWS has no day on which they go.
MANUAL_SNAPSHOTS = frozenset({
    "aws:ebs/snapshot:Snapshot",
    "aws:ebs/snapshotCopy:SnapshotCopy",
    "aws:ebs/snapshotImport:SnapshotImport",
    "aws:rds/snapshot:Snapshot",
    "aws:rds/snapshotCopy:SnapshotCopy",
    "aws:rds/clusterSnapshot:ClusterSnapshot",
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy",
    "aws:docdb/clusterSnapshot:ClusterSnapshot",
    "aws:neptune/clusterSnapshot:ClusterSnapshot",
})  # fmt: skip
LONGEST_LOG_DAYS = 3653  # the longest that CloudWatch Logs offers


def log_group_has_retention(context: Context) -> Policy:
    """Without a retention, or with 0, CloudWatch keeps log events for ever."""
    rule = Rule(
        id="log-group-has-retention",
        description="Set how many days each CloudWatch log group keeps its events.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set retention_in_days, for example to 30.",
        options={
            "maximum_days": {
                "type": "integer",
                "minimum": 1,
                "description": "the most days a log group may keep its events",
                "default": LONGEST_LOG_DAYS,
            }
        },
        tags=("retention",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        most = options["maximum_days"]
        retention = resource.props["retentionInDays"]
        kept = _too_long(retention, most)
        if kept:
            yield Breach(f"retentionInDays: keeps log events {kept}", retention.data, "set retention_in_days")

    return resource_policy(rule, context, LOG_GROUP.__eq__, check)


def backups_expire(context: Context) -> Policy:
    """Rules of AWS Backup plans, and the copies they make; schedules of Data Lifecycle Manager."""
    rule = Rule(
        id="backups-expire",
        description="Let every backup rule and snapshot schedule delete what it makes.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set delete_after in the lifecycle of an AWS Backup rule, a count or an interval in the retain"
        " rule of a Data Lifecycle Manager schedule.",
        options={
            "maximum_days": {
                "type": "integer",
                "minimum": 1,
                "description": "the most days after which AWS Backup deletes a backup",
                "default": 36500,
            }
        },
        tags=("retention",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.type == SNAPSHOT_SCHEDULE:
            yield from _each(_retain_rules(resource), _retained)
        else:
            yield from _each(
                _backup_lifecycles(resource), lambda each: _deleted(each, options["maximum_days"])
            )

    return resource_policy(rule, context, {BACKUP_PLAN, SNAPSHOT_SCHEDULE}.__contains__, check)


def _too_long(days: Value, most: float) -> str:
    """How long is too long; blank where the days are within bounds."""
    if days.number() <= 0:
        return "for ever"
    return f"for more than {most:g} days" if days.number() > most else ""


def _each(blocks: Iterator[Value], check: Callable[[Value], Iterator[Finding]]) -> Iterator[Finding]:
    for block in blocks:
        yield from judged(check, block)


def _backup_lifecycles(plan: Resource) -> Iterator[Value]:
    for rule in plan.props["rules"].items():
        yield rule["lifecycle"]
        for copy in rule["copyActions"].items():
            yield copy["lifecycle"]


def _deleted(lifecycle: Value, most: float) -> Iterator[Finding]:
    after = lifecycle["deleteAfter"]
    kept = _too_long(after, most)
    if kept:
        yield Breach(f"{after.path}: keeps backups {kept}", after.data, "set delete_after")


def _retain_rules(policy: Resource) -> Iterator[Value]:
    for schedule in policy.props["policyDetails"]["schedules"].items():
        yield schedule["retainRule"]
        for copy in schedule["crossRegionCopyRules"].items():
            yield copy["retainRule"]


def _retained(rule: Value) -> Iterator[Finding]:
    if max(rule["count"].number(), rule["interval"].number()) <= 0:
        fix = "set a retain rule with a count or an interval"
        yield Breach(f"{rule.path}: keeps snapshots for ever", rule.data, fix)


def snapshots_expire(context: Context) -> Policy:
    """A snapshot taken by hand has no end; Redshift's has one only when it is set."""
    rule = Rule(
        id="snapshots-expire",
        description="Take snapshots on a schedule that deletes them, not by hand.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Use an AWS Backup plan or a Data Lifecycle Manager policy, set manual_snapshot_retention_period"
        " of a Redshift snapshot, or add an exemption that says until when the snapshot is needed.",
        options={
            "types": {
                "type": "array",
                "items": {"type": "string"},
                "description": "types of snapshots that no setting deletes",
                "default": sorted(MANUAL_SNAPSHOTS),
            }
        },
        tags=("retention",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.type in options["types"]:
            yield Breach(
                "a snapshot taken by hand is kept for ever",
                resource.type,
                "take it with an AWS Backup plan or a Data Lifecycle Manager policy",
            )
        elif resource.type == REDSHIFT_SNAPSHOT:
            days = resource.props["manualSnapshotRetentionPeriod"]
            if days.number() <= 0:
                yield Breach(
                    "manualSnapshotRetentionPeriod: the snapshot is kept for ever",
                    days.data,
                    "set manual_snapshot_retention_period to the days it is needed",
                )

    return resource_policy(rule, context, (MANUAL_SNAPSHOTS | {REDSHIFT_SNAPSHOT}).__contains__, check)
