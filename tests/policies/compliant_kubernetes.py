"""Kubernetes objects that violate no policy, one of each kind that the pack checks."""

import copy
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


RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RESTRICTED_CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def container(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "securityContext": copy.deepcopy(RESTRICTED_CONTAINER), **properties}


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
                        "securityContext": copy.deepcopy(RESTRICTED_POD),
                        "containers": [container("app", resources={"requests": dict(requests)})],
                        "initContainers": [
                            container("migrate"),
                            container(
                                "proxy", restartPolicy="Always", resources={"requests": dict(requests)}
                            ),
                        ],
                        "volumes": [{"name": "files", "emptyDir": {}}],
                    }
                }
            },
        },
    )


def stateful_set() -> FakeResource:
    spec = copy.deepcopy(deployment().inputs["spec"])
    return FakeResource(
        "kubernetes:apps/v1:StatefulSet", "ledger-db", {"metadata": metadata("ledger-db"), "spec": spec}
    )


def _like_the_stateful_set(token: str, name: str) -> FakeResource:
    return FakeResource(token, name, {**stateful_set().inputs, "metadata": metadata(name)})


def clone_set() -> FakeResource:
    """Of OpenKruise, a kind that Kubernetes does not have."""
    return _like_the_stateful_set("kubernetes:apps.kruise.io/v1alpha1:CloneSet", "clones")


def rollout() -> FakeResource:
    return _like_the_stateful_set("kubernetes:argoproj.io/v1alpha1:Rollout", "canary")


def replica_set() -> FakeResource:
    return _like_the_stateful_set("kubernetes:apps/v1:ReplicaSet", "set")


def vertical_scaler() -> FakeResource:
    """Sets the memory of the Deployment that an HPA scales by CPU."""
    return FakeResource(
        "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler",
        "analytics-memory",
        {
            "metadata": metadata("analytics-memory"),
            "spec": {
                "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "teei-analytics"},
                "updatePolicy": {"updateMode": "Auto"},
                "resourcePolicy": {
                    "containerPolicies": [{"containerName": "*", "controlledResources": ["memory"]}]
                },
            },
        },
    )


def node_pool() -> FakeResource:
    disruption = {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "60s"}
    return FakeResource(
        "kubernetes:karpenter.sh/v1:NodePool",
        "spot",
        {"metadata": metadata("spot"), "spec": {"limits": {"cpu": "100"}, "disruption": disruption}},
    )


def service(name: str = "gateway") -> FakeResource:
    spec = {"type": "LoadBalancer", "ports": [{"port": 443, "targetPort": 8443}]}
    return FakeResource("kubernetes:core/v1:Service", name, {"metadata": metadata(name), "spec": spec})


def internal_service() -> FakeResource:
    spec = {"type": "ClusterIP", "ports": [{"port": 443, "targetPort": 8443}]}
    return FakeResource("kubernetes:core/v1:Service", "api", {"metadata": metadata("api"), "spec": spec})


def network_service() -> FakeResource:
    """For clients in the VPC."""
    spec = {"type": "ClusterIP", "ports": [{"port": 443, "targetPort": 8443}]}
    annotations = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
    inputs = {"metadata": {**metadata("network"), "annotations": annotations}, "spec": spec}
    return FakeResource("kubernetes:core/v1:Service", "network", inputs)


def cron_job() -> FakeResource:
    requests = {"cpu": "100m", "memory": "128Mi"}
    pod = {
        "securityContext": copy.deepcopy(RESTRICTED_POD),
        "containers": [container("report", resources={"requests": requests})],
    }
    return FakeResource(
        "kubernetes:batch/v1:CronJob",
        "nightly",
        {
            "metadata": metadata("nightly"),
            "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}},
        },
    )


def disruption_budget() -> FakeResource:
    spec = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    return FakeResource(
        "kubernetes:policy/v1:PodDisruptionBudget",
        "analytics",
        {"metadata": metadata("analytics"), "spec": spec},
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
                "advanced": {
                    "horizontalPodAutoscalerConfig": {
                        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}
                    }
                },
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


def batch_deployment() -> FakeResource:
    return deployment("teei-batch-jobs")


def scaled_to_zero() -> FakeResource:
    return FakeResource(
        "kubernetes:keda.sh/v1alpha1:ScaledObject",
        "batch-jobs",
        {
            "metadata": metadata("teei-batch-jobs"),
            "spec": {
                "scaleTargetRef": {"name": "teei-batch-jobs"},
                "minReplicaCount": 0,
                "maxReplicaCount": 4,
                "cooldownPeriod": 300,
                "triggers": [{"type": "cron", "metadata": {"timezone": "UTC"}}],
            },
        },
    )
