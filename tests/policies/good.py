"""A stack in which everything is right: one resource of each kind that the pack judges."""

from typing import Any

from tests.policies.analyzer import BUDGET, Made

TAGS = {
    "team": "finops",
    "service": "storage",
    "environment": "prod",
    "cost-center": "CC-1200",
    "budget": BUDGET,
    "data-class": "internal",
}
LABELS = {f"finops.teei.io/{key}": value for key, value in TAGS.items()}
NAMESPACE = "teei"


def meta(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": dict(LABELS)}


def aws(token: str, name: str, /, **props: Any) -> Made:
    return Made(token, name, {"tags": dict(TAGS), **props})


def bucket() -> Made:
    return aws("aws:s3/bucket:Bucket", "exports", bucket="teei-exports")


def lifecycle() -> Made:
    return Made(
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


def versioning() -> Made:
    return Made(
        "aws:s3/bucketVersioning:BucketVersioning",
        "exports-versioning",
        {"bucket": "teei-exports", "versioningConfiguration": {"status": "Enabled"}},
    )


def inline_bucket() -> Made:
    return aws(
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


def log_group() -> Made:
    return aws("aws:cloudwatch/logGroup:LogGroup", "logs", retentionInDays=30)


def backup_plan() -> Made:
    kept = {"coldStorageAfter": 30, "deleteAfter": 120}
    return aws(
        "aws:backup/plan:Plan",
        "nightly",
        rules=[
            {
                "ruleName": "nightly",
                "lifecycle": dict(kept),
                "copyActions": [{"lifecycle": dict(kept), "destinationVaultArn": "arn"}],
            }
        ],
    )


def snapshot_schedule() -> Made:
    return aws(
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


def redshift_snapshot() -> Made:
    return aws("aws:redshift/clusterSnapshot:ClusterSnapshot", "warehouse", manualSnapshotRetentionPeriod=14)


def database() -> Made:
    return aws(
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


def cluster() -> Made:
    return aws(
        "aws:rds/cluster:Cluster",
        "aurora",
        engine="aurora-postgresql",
        storageEncrypted=True,
        deletionProtection=True,
        backupRetentionPeriod=7,
    )


def cluster_instance() -> Made:
    return aws("aws:rds/clusterInstance:ClusterInstance", "aurora-one", instanceClass="db.r7g.large")


def parameter_group(token: str = "aws:rds/parameterGroup:ParameterGroup", name: str = "wal") -> Made:
    return aws(
        token,
        name,
        family="postgres17",
        parameters=[
            {"name": "wal_keep_size", "value": "10240"},
            {"name": "max_slot_wal_keep_size", "value": "10240"},
        ],
    )


def cluster_parameter_group() -> Made:
    return parameter_group("aws:rds/clusterParameterGroup:ClusterParameterGroup", "cluster-wal")


def aurora_parameter_group() -> Made:
    limit = {"name": "max_slot_wal_keep_size", "value": "10240"}
    token = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    return aws(token, "aurora-wal", family="aurora-postgresql17", parameters=[limit])


def bare_aurora_parameter_group() -> Made:
    token = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    return aws(token, "bare-aurora-wal", family="aurora-postgresql17", parameters=[])


def wal_of_thirteen() -> Made:
    """The first major version that has the limit."""
    limit = {"name": "max_slot_wal_keep_size", "value": "10240"}
    return aws("aws:rds/parameterGroup:ParameterGroup", "thirteen", family="postgres13", parameters=[limit])


def postgres_config() -> Made:
    config = "wal_level = replica\narchive_command = 'test ! -f /wal/%f && cp %p /wal/%f'\n"
    return Made(
        "kubernetes:core/v1:ConfigMap",
        "postgres",
        {"metadata": meta("postgres"), "data": {"postgresql.conf": config}},
    )


def deployment(name: str = "teei-analytics") -> Made:
    requests = {"cpu": "250m", "memory": "256Mi"}
    return Made(
        "kubernetes:apps/v1:Deployment",
        name,
        {
            "metadata": meta(name),
            "spec": {
                "template": {
                    "spec": {
                        "containers": [{"name": "app", "resources": {"requests": dict(requests)}}],
                        "initContainers": [
                            {"name": "migrate"},
                            {
                                "name": "proxy",
                                "restartPolicy": "Always",
                                "resources": {"requests": dict(requests)},
                            },
                        ],
                    }
                }
            },
        },
    )


def hpa() -> Made:
    return Made(
        "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        "analytics",
        {
            "metadata": meta("analytics"),
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "teei-analytics"},
                "minReplicas": 2,
                "maxReplicas": 8,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 70},
                        },
                    }
                ],
            },
        },
    )


def reporting() -> Made:
    return deployment("teei-reporting")


def scaled_object() -> Made:
    return Made(
        "kubernetes:keda.sh/v1alpha1:ScaledObject",
        "reporting",
        {
            "metadata": meta("teei-reporting-nats-scaler"),
            "spec": {
                "scaleTargetRef": {"name": "teei-reporting"},
                "minReplicaCount": 2,
                "maxReplicaCount": 20,
                "cooldownPeriod": 300,
                "triggers": [
                    {
                        "type": "nats-jetstream",
                        "metadata": {
                            "natsServerMonitoringEndpoint": "nats.teei:8222",
                            "account": "$G",
                            "stream": "reporting-requests",
                            "consumer": "reporting-service",
                            "lagThreshold": "100",
                        },
                    },
                    {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}},
                ],
            },
        },
    )


def scaling_group() -> Made:
    pairs = [{"key": key, "value": value, "propagateAtLaunch": True} for key, value in TAGS.items()]
    return Made("aws:autoscaling/group:Group", "workers", {"minSize": 1, "maxSize": 4, "tags": pairs})


def budget() -> Made:
    return aws(
        "aws:budgets/budget:Budget",
        "s3",
        name="cloud-s3",
        notifications=[
            {"notificationType": "ACTUAL", "threshold": 80, "subscriberEmailAddresses": ["a@teei.io"]},
            {"notificationType": "FORECASTED", "threshold": 100, "subscriberSnsTopicArns": ["arn:aws:sns"]},
        ],
    )


# Resources that have to do with each other.
GROUPS = (
    (bucket, lifecycle, versioning, inline_bucket),
    (log_group, backup_plan, snapshot_schedule, redshift_snapshot, scaling_group),
    (
        database,
        cluster,
        cluster_instance,
        parameter_group,
        cluster_parameter_group,
        aurora_parameter_group,
        bare_aurora_parameter_group,
        wal_of_thirteen,
    ),
    (postgres_config, deployment, hpa, reporting, scaled_object),
    (budget,),
)
STACK = tuple(make for group in GROUPS for make in group)


def stack() -> dict[str, Made]:
    """The resources by the name of the function that makes each."""
    return {make.__name__: make() for make in STACK}


def around(name: str) -> dict[str, Made]:
    """One of them with those it has to do with, which is quicker to judge than them all."""
    (group,) = [group for group in GROUPS if name in {make.__name__ for make in group}]
    return {make.__name__: make() for make in group}
