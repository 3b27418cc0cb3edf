"""Violations: changes of one property in the compliant stack, and resources added to it.

Each row: the resource, the path of the property, its value (None removes it), the policies that report it.
"""

from typing import Any

from tests.policies.compliant_aws import TAGS, aws_resource
from tests.policies.compliant_kubernetes import LABELS, deployment, hpa, scaled_object
from tests.policies.compliant_stack import related_resources
from tests.policies.pack_client import FakeResource, with_property
from tests.policies.violations.budgets import BUDGET_COSTS, BUDGETING
from tests.policies.violations.costs import ADVISORY as ADVISORY_COSTS
from tests.policies.violations.costs import COSTS
from tests.policies.violations.databases import AI_BUDGET, DATABASES, PARAMETER_VALUES, Row
from tests.policies.violations.kubernetes import (
    DISRUPTION,
    NODE_POOLS,
    POD_SECURITY,
    POD_SECURITY_ALLOWED,
    SCALING,
    SERVICES,
    VERTICAL_SCALING,
)

# The policies that only advise.
ADVISORY = ADVISORY_COSTS | {
    "budget-excludes-credits-and-refunds",
    "database-is-current-generation",
    "node-pool-consolidates",
    "services-share-a-load-balancer",
}

_RULE = "rules.0"
_INLINE = "lifecycleRules.0"
_VERSIONS_ONLY = {
    "id": "versions",
    "enabled": True,
    "noncurrentVersionExpiration": {"days": 30},
    "abortIncompleteMultipartUploadDays": 7,
}

TAGGING: list[Row] = [
    *(("bucket", f"tags.{key}", None, "required-tags") for key in TAGS if key != "budget"),
    ("log_group", "tags.Team", "finops", ""),
    ("scaling_group", "tags.0", None, "required-tags"),
    ("deployment", "metadata.labels.finops.teei.io/team", None, "required-tags"),
    ("postgres_config", "metadata.labels", None, "required-tags"),
    ("database", "tags.team", "Finops", "allowed-tag-values"),
    ("database", "tags.team", " finops", "allowed-tag-values"),
    ("database", "tags.service", " ", "allowed-tag-values"),
    ("database", "tags.service", "the service that stores it", "allowed-tag-values"),
    ("database", "tags.cost-center", "1200", "allowed-tag-values"),
    ("database", "tags.environment", "production", "allowed-tag-values"),
    ("database", "tags.data-class", "secret", "allowed-tag-values"),
    ("scaling_group", "tags.0.value", "nobody", "allowed-tag-values"),
    ("hpa", "metadata.labels.finops.teei.io/data-class", "Internal", "allowed-tag-values"),
]
BUCKETS: list[Row] = [
    ("lifecycle", "rules", [], "bucket-has-a-lifecycle"),
    ("lifecycle", f"{_RULE}.status", "Disabled", "bucket-has-a-lifecycle"),
    ("lifecycle", f"{_RULE}.filter", {"prefix": "tmp/"}, "bucket-has-a-lifecycle"),
    ("lifecycle", f"{_RULE}.prefix", "tmp/", "bucket-has-a-lifecycle"),
    *(
        ("lifecycle", f"{_RULE}.filter", limit, "bucket-has-a-lifecycle lifecycle-actions-fit")
        for limit in (
            {"tag": {"key": "a", "value": "b"}},
            {"objectSizeGreaterThan": 1000},
            {"objectSizeLessThan": 1000},
            {"and": {"tags": {"a": "b"}}},
            {"and": {"prefix": "a/", "objectSizeLessThan": 5}},
        )
    ),
    ("lifecycle", f"{_RULE}.filter", {"objectSizeGreaterThan": "0"}, "lifecycle-actions-fit"),
    ("lifecycle", f"{_RULE}.expiration.expiredObjectDeleteMarker", True, "lifecycle-actions-fit"),
    ("lifecycle", f"{_RULE}.expiration.expiredObjectDeleteMarker", False, ""),
    (
        "lifecycle",
        f"{_RULE}.expiration",
        {"days": 0, "expiredObjectDeleteMarker": True},
        "",
    ),
    (
        "lifecycle",
        f"{_RULE}.expiration",
        {"date": "2030-01-01", "expiredObjectDeleteMarker": True},
        "lifecycle-actions-fit",
    ),
    ("lifecycle", "bucket", "another", "bucket-has-a-lifecycle"),
    (
        "lifecycle",
        "rules",
        [{"id": "a", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}],
        "bucket-has-a-lifecycle",
    ),
    ("inline_bucket", "lifecycleRules", None, "bucket-has-a-lifecycle"),
    ("inline_bucket", "lifecycleRules", [_VERSIONS_ONLY], ""),
    ("unversioned_bucket", f"{_INLINE}.expiration", None, "bucket-has-a-lifecycle"),
    ("unversioned_bucket", "versioning", {"enabled": False}, ""),
    ("inline_bucket", f"{_INLINE}.enabled", False, "bucket-has-a-lifecycle"),
    ("inline_bucket", f"{_INLINE}.prefix", "logs/", "bucket-has-a-lifecycle"),
    ("inline_bucket", f"{_INLINE}.tags", {"kind": "log"}, "bucket-has-a-lifecycle lifecycle-actions-fit"),
    ("inline_bucket", f"{_INLINE}.noncurrentVersionExpiration", None, "bucket-expires-old-versions"),
    ("inline_bucket", f"{_INLINE}.noncurrentVersionExpiration.days", 0, "bucket-expires-old-versions"),
    ("lifecycle", f"{_RULE}.noncurrentVersionExpiration", None, "bucket-expires-old-versions"),
    (
        "inline_bucket",
        f"{_INLINE}.abortIncompleteMultipartUploadDays",
        None,
        "bucket-aborts-incomplete-uploads",
    ),
    ("lifecycle", f"{_RULE}.abortIncompleteMultipartUpload", None, "bucket-aborts-incomplete-uploads"),
]
LIFECYCLES: list[Row] = [
    ("lifecycle", f"{_RULE}.transitions.0.days", 29, "lifecycle-keeps-minimum-days"),
    ("lifecycle", f"{_RULE}.transitions.0.days", None, "lifecycle-keeps-minimum-days"),
    ("lifecycle", f"{_RULE}.transitions.1.days", 59, "lifecycle-keeps-minimum-days"),
    ("lifecycle", f"{_RULE}.transitions.2.days", 149, "lifecycle-keeps-minimum-days"),
    ("lifecycle", f"{_RULE}.expiration.days", 329, "lifecycle-keeps-minimum-days"),
    (
        "lifecycle",
        f"{_RULE}.noncurrentVersionTransitions.0.noncurrentDays",
        29,
        "lifecycle-keeps-minimum-days",
    ),
    ("lifecycle", f"{_RULE}.noncurrentVersionExpiration.noncurrentDays", 59, "lifecycle-keeps-minimum-days"),
    ("inline_bucket", f"{_INLINE}.transitions.0.days", 20, "lifecycle-keeps-minimum-days"),
    ("inline_bucket", f"{_INLINE}.expiration.days", 59, "lifecycle-keeps-minimum-days"),
    ("lifecycle", f"{_RULE}.transitions.1.storageClass", "STANDARD", "lifecycle-moves-to-colder-classes"),
    ("lifecycle", f"{_RULE}.transitions.1.days", 30, "lifecycle-moves-to-colder-classes"),
    ("lifecycle", f"{_RULE}.transitions.0.days", 700, "lifecycle-moves-to-colder-classes"),
    ("lifecycle", f"{_RULE}.transitions.2.storageClass", "GLACIER_IR", "lifecycle-moves-to-colder-classes"),
    ("lifecycle", f"{_RULE}.expiration.days", 150, "lifecycle-expires-after-transitions"),
    ("lifecycle", f"{_RULE}.expiration.days", 140, "lifecycle-expires-after-transitions"),
    (
        "lifecycle",
        f"{_RULE}.noncurrentVersionExpiration.noncurrentDays",
        30,
        "lifecycle-expires-after-transitions",
    ),
    ("inline_bucket", f"{_INLINE}.expiration.days", 30, "lifecycle-expires-after-transitions"),
]
LOG_AND_BACKUP_RETENTION: list[Row] = [
    ("log_group", "retentionInDays", None, "log-group-has-retention"),
    ("log_group", "retentionInDays", 0, "log-group-has-retention"),
    ("backup_plan", "rules.0.lifecycle.deleteAfter", None, "backups-expire"),
    ("backup_plan", "rules.0.lifecycle", None, "backups-expire"),
    ("backup_plan", "rules.0.lifecycle.deleteAfter", 0, "backups-expire"),
    ("backup_plan", "rules.0.copyActions.0.lifecycle", None, "backups-expire"),
    ("snapshot_schedule", "policyDetails.schedules.0.retainRule", None, "backups-expire"),
    ("snapshot_schedule", "policyDetails.schedules.0.retainRule.count", 0, "backups-expire"),
    (
        "snapshot_schedule",
        "policyDetails.schedules.0.crossRegionCopyRules.0.retainRule",
        None,
        "backups-expire",
    ),
    ("redshift_snapshot", "manualSnapshotRetentionPeriod", None, "snapshots-expire"),
    ("redshift_snapshot", "manualSnapshotRetentionPeriod", -1, "snapshots-expire"),
]
CHANGED_RESOURCES = [
    *TAGGING,
    *BUDGETING,
    *BUDGET_COSTS,
    *BUCKETS,
    *LIFECYCLES,
    *LOG_AND_BACKUP_RETENTION,
    *DATABASES,
    *PARAMETER_VALUES,
    *AI_BUDGET,
    *SCALING,
    *COSTS,
    *VERTICAL_SCALING,
    *NODE_POOLS,
    *SERVICES,
    *DISRUPTION,
    *POD_SECURITY,
    *POD_SECURITY_ALLOWED,
]

_second_hpa = with_property(with_property(hpa(), "metadata.name", "second"), "spec.scaleTargetRef.kind", None)
_second_scaled_object = with_property(
    scaled_object(), "spec.triggers", [{"type": "cron", "metadata": {"timezone": "UTC"}}]
)
ADDED_RESOURCES: list[tuple[str, FakeResource, str]] = [
    (name, FakeResource(token, "one", {"tags": dict(TAGS)}), "snapshots-expire")
    for name, token in {
        "an EBS snapshot": "aws:ebs/snapshot:Snapshot",
        "an RDS snapshot": "aws:rds/snapshot:Snapshot",
        "an RDS cluster snapshot": "aws:rds/clusterSnapshot:ClusterSnapshot",
        "a MemoryDB snapshot": "aws:memorydb/snapshot:Snapshot",
        "an FSx backup": "aws:fsx/backup:Backup",
        "a Redshift Serverless snapshot": "aws:redshiftserverless/snapshot:Snapshot",
    }.items()
] + [
    (
        "a second HPA",
        FakeResource(_second_hpa.type, "second", _second_hpa.inputs),
        "workload-has-one-scaler",
    ),
    (
        "a second ScaledObject",
        FakeResource(_second_scaled_object.type, "second", _second_scaled_object.inputs),
        "workload-has-one-scaler",
    ),
    ("a Deployment without a scaler", deployment("teei-other"), "workload-is-scaled"),
    ("a bucket without a lifecycle", aws_resource("aws:s3/bucket:Bucket", "bare"), "bucket-has-a-lifecycle"),
    ("an old bucket resource", aws_resource("aws:s3/bucketV2:BucketV2", "old"), "bucket-has-a-lifecycle"),
    (
        "an object with labels of two prefixes",
        FakeResource(
            "kubernetes:core/v1:Secret",
            "two",
            {"metadata": {"labels": {**dict(list(LABELS.items())[:3]), "budget": "cloud-s3"}}},
        ),
        "required-tags",
    ),
]


def stack_with_change(row: Row) -> list[FakeResource]:
    """A resource of the compliant stack with one property changed, and those related to it."""
    name, path, value, _ = row
    resources = related_resources(name)
    resources[name] = _set(resources[name], path, value)
    return list(resources.values())


def _set(resource: FakeResource, path: str, value: Any) -> FakeResource:
    """As `with_property`, also for a label, whose key contains dots."""
    if path.startswith("metadata.labels."):
        labels = {**resource.inputs["metadata"]["labels"], path.removeprefix("metadata.labels."): value}
        remaining = {key: label for key, label in labels.items() if label is not None}
        return with_property(resource, "metadata.labels", remaining)
    return with_property(resource, path, value)
