"""AWS resources that violate no policy, one of each kind that the pack checks."""

from typing import Any

from tests.policies.pack_client import BUDGET, FakeResource

TAGS = {
    "team": "finops",
    "service": "storage",
    "environment": "prod",
    "cost-center": "CC-1200",
    "budget": BUDGET,
    "data-class": "internal",
}


def aws_resource(token: str, name: str, /, **inputs: Any) -> FakeResource:
    return FakeResource(token, name, {"tags": dict(TAGS), **inputs})


def bucket() -> FakeResource:
    return aws_resource("aws:s3/bucket:Bucket", "exports", bucket="teei-exports")


def lifecycle() -> FakeResource:
    return FakeResource(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "exports-lifecycle",
        {
            "bucket": "teei-exports",
            "rules": [
                {
                    "id": "whole",
                    "status": "Enabled",
                    "filter": {},
                    "transitions": [
                        {"days": 30, "storageClass": "STANDARD_IA"},
                        {"days": 60, "storageClass": "GLACIER_IR"},
                        {"days": 150, "storageClass": "DEEP_ARCHIVE"},
                    ],
                    "expiration": {"days": 730},
                    "noncurrentVersionTransitions": [{"noncurrentDays": 30, "storageClass": "ONEZONE_IA"}],
                    "noncurrentVersionExpiration": {"noncurrentDays": 60},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
    )


def versioning() -> FakeResource:
    return FakeResource(
        "aws:s3/bucketVersioning:BucketVersioning",
        "exports-versioning",
        {"bucket": "teei-exports", "versioningConfiguration": {"status": "Enabled"}},
    )


def inline_bucket() -> FakeResource:
    return aws_resource(
        "aws:s3/bucket:Bucket",
        "inline",
        bucket="teei-inline",
        versioning={"enabled": True},
        lifecycleRules=[
            {
                "id": "all",
                "enabled": True,
                "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                "expiration": {"days": 90},
                "noncurrentVersionExpiration": {"days": 30},
                "abortIncompleteMultipartUploadDays": 7,
            }
        ],
    )


def unversioned_bucket() -> FakeResource:
    rule = {
        "id": "all",
        "enabled": True,
        "expiration": {"days": 90},
        "noncurrentVersionExpiration": {"days": 30},
        "abortIncompleteMultipartUploadDays": 7,
    }
    return aws_resource(
        "aws:s3/bucket:Bucket", "unversioned", bucket="teei-unversioned", lifecycleRules=[rule]
    )


def log_group() -> FakeResource:
    return aws_resource("aws:cloudwatch/logGroup:LogGroup", "logs", retentionInDays=30)


def backup_plan() -> FakeResource:
    lifecycle = {"coldStorageAfter": 30, "deleteAfter": 120}
    return aws_resource(
        "aws:backup/plan:Plan",
        "nightly",
        rules=[
            {
                "ruleName": "nightly",
                "lifecycle": dict(lifecycle),
                "copyActions": [{"lifecycle": dict(lifecycle), "destinationVaultArn": "arn"}],
            }
        ],
    )


def snapshot_schedule() -> FakeResource:
    return aws_resource(
        "aws:dlm/lifecyclePolicy:LifecyclePolicy",
        "volumes",
        policyDetails={
            "schedules": [
                {
                    "name": "daily",
                    "retainRule": {"count": 7},
                    "crossRegionCopyRules": [{"retainRule": {"interval": 1, "intervalUnit": "MONTHS"}}],
                }
            ]
        },
    )


def redshift_snapshot() -> FakeResource:
    return aws_resource(
        "aws:redshift/clusterSnapshot:ClusterSnapshot", "warehouse", manualSnapshotRetentionPeriod=14
    )


def database() -> FakeResource:
    return aws_resource(
        "aws:rds/instance:Instance",
        "ledger",
        engine="postgres",
        instanceClass="db.t4g.medium",
        storageType="gp3",
        storageEncrypted=True,
        multiAz=True,
        deletionProtection=True,
        publiclyAccessible=False,
        backupRetentionPeriod=7,
    )


def cluster() -> FakeResource:
    return aws_resource(
        "aws:rds/cluster:Cluster",
        "aurora",
        engine="aurora-postgresql",
        storageEncrypted=True,
        deletionProtection=True,
        backupRetentionPeriod=7,
    )


def cluster_instance() -> FakeResource:
    return aws_resource("aws:rds/clusterInstance:ClusterInstance", "aurora-one", instanceClass="db.r7g.large")


def parameter_group(token: str = "aws:rds/parameterGroup:ParameterGroup", name: str = "wal") -> FakeResource:
    return aws_resource(
        token,
        name,
        family="postgres17",
        parameters=[
            {"name": "wal_keep_size", "value": "10240"},
            {"name": "max_slot_wal_keep_size", "value": "10240"},
        ],
    )


def cluster_parameter_group() -> FakeResource:
    return parameter_group("aws:rds/clusterParameterGroup:ClusterParameterGroup", "cluster-wal")


def aurora_parameter_group() -> FakeResource:
    limit = {"name": "max_slot_wal_keep_size", "value": "10240"}
    token = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    return aws_resource(token, "aurora-wal", family="aurora-postgresql17", parameters=[limit])


def empty_aurora_parameter_group() -> FakeResource:
    token = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    return aws_resource(token, "bare-aurora-wal", family="aurora-postgresql17", parameters=[])


def postgres13_parameter_group() -> FakeResource:
    """Of the first major version with max_slot_wal_keep_size."""
    limit = {"name": "max_slot_wal_keep_size", "value": "10240"}
    return aws_resource(
        "aws:rds/parameterGroup:ParameterGroup", "thirteen", family="postgres13", parameters=[limit]
    )


def ai_budget_function() -> FakeResource:
    config = '[[callers]]\nname = "reporting"\ntenants = ["*"]'
    return aws_resource(
        "aws:lambda/function:Function",
        "ai-budget",
        name="ai-budget",
        architectures=["arm64"],
        memorySize=512,
        environment={"variables": {"AI_BUDGET_CONFIG": config}},
    )


def function_log_group() -> FakeResource:
    return aws_resource(
        "aws:cloudwatch/logGroup:LogGroup", "f", name="/aws/lambda/ai-budget", retentionInDays=30
    )


def scaling_group() -> FakeResource:
    pairs = [{"key": key, "value": value, "propagateAtLaunch": True} for key, value in TAGS.items()]
    return FakeResource("aws:autoscaling/group:Group", "workers", {"minSize": 1, "maxSize": 4, "tags": pairs})


def budget() -> FakeResource:
    return aws_resource(
        "aws:budgets/budget:Budget",
        "s3",
        name="cloud-s3",
        budgetType="COST",
        costFilters=[
            {"name": "Service", "values": ["Amazon Simple Storage Service"]},
            {"name": "TagKeyValue", "values": ["user:team$platform"]},
        ],
        costTypes={"includeCredit": False, "includeRefund": False},
        notifications=[
            {"notificationType": "ACTUAL", "threshold": 80, "subscriberEmailAddresses": ["a@teei.io"]},
            {"notificationType": "FORECASTED", "threshold": 100, "subscriberSnsTopicArns": ["arn:aws:sns"]},
        ],
    )
