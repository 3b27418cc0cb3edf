"""Kubernetes objects that violate no policy, one of each kind that the pack checks."""

from typing import Any

from tests.policies.compliant_aws import TAGS
from tests.policies.pack_client import FakeResource

LABELS = {f"finops.teei.io/{key}": value for key, value in TAGS.items()}
NAMESPACE = "teei"


def metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": dict(LABELS)}


def postgres_config() -> FakeResource:
    config = "wal_level = replica\narchive_command = 'test ! -f /wal/%f && cp %p /wal/%f'\n"
    return FakeResource(
        "kubernetes:core/v1:ConfigMap",
        "postgres",
        {"metadata": metadata("postgres"), "data": {"postgresql.conf": config}},
    )


def deployment(name: str = "teei-analytics") -> FakeResource:
    requests = {"cpu": "250m", "memory": "256Mi"}
    return FakeResource(
        "kubernetes:apps/v1:Deployment",
        name,
        {
            "metadata": metadata(name),
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


def hpa() -> FakeResource:
    return FakeResource(
        "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        "analytics",
        {
            "metadata": metadata("analytics"),
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


def reporting_deployment() -> FakeResource:
    return deployment("teei-reporting")


def scaled_object() -> FakeResource:
    return FakeResource(
        "kubernetes:keda.sh/v1alpha1:ScaledObject",
        "reporting",
        {
            "metadata": metadata("teei-reporting-nats-scaler"),
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
