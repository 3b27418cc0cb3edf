"""The specs of the Deployment and the NetworkPolicy of the AI budget API."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.ai_budget import database as budget_database
from components.settings.ai_budget import pods as settings_pods

USER = 65532  # as in Dockerfile
METRICS_DIRECTORY = "/tmp"
# A pod gets no new connections once its endpoint is removed, which takes a moment; then it ends.
DRAIN_SECONDS, GRACE_SECONDS = 5, 30
CPU_LIMIT = "2"  # more than a worker and its HTTP threads can use
HTTPS_PORT, DNS_PORT = 443, 53
# NodeLocal DNSCache, where a cluster has it
# (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/, 2026-11).
NODE_LOCAL_DNS = "169.254.20.10/32"


def deployment(
    pods: settings_pods.BudgetPods,
    *,
    port: int,
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    service_account: pulumi.Input[str],
    environment: Mapping[str, pulumi.Input[str]],
) -> Any:
    """The spec of the Deployment; its autoscaler sets the number of replicas."""
    return {
        "selector": {"matchLabels": dict(selector)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            "metadata": {"labels": dict(labels)},
            "spec": {
                "serviceAccountName": service_account,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": GRACE_SECONDS,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": USER,
                    "runAsGroup": USER,
                    "fsGroup": USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "topologySpreadConstraints": [
                    _spread("topology.kubernetes.io/zone", selector),
                    _spread("kubernetes.io/hostname", selector),
                ],
                "containers": [_container(pods, port, environment)],
                "volumes": [{"name": "metrics", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
            },
        },
    }


def _container(
    pods: settings_pods.BudgetPods, port: int, environment: Mapping[str, pulumi.Input[str]]
) -> Any:
    return {
        "name": "serve",
        "image": pods.image,
        "args": ["--aws", "--port", str(port)],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "startupProbe": _probe("/readyz", period=5, failures=60),
        "readinessProbe": _probe("/healthz", period=5, failures=2),
        "livenessProbe": _probe("/healthz", period=10, failures=6),
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}},
        "resources": {
            "requests": {"cpu": pods.cpu, "memory": pods.memory},
            "limits": {"cpu": CPU_LIMIT, "memory": pods.memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "metrics", "mountPath": METRICS_DIRECTORY}],
    }


def _probe(path: str, *, period: int, failures: int) -> Any:
    """The timeout is longer than the service waits for the database."""
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _spread(topology_key: str, labels: Mapping[str, str]) -> Any:
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(labels)},
    }


def network_policy(pods: settings_pods.BudgetPods, labels: Mapping[str, str], port: int) -> Any:
    """Connections from the pods' own namespace and the clients'; to DNS, the database and AWS only.

    Which database and which addresses of AWS is decided by the security groups, not by name.
    """
    clients = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
        for namespace in pods.client_namespaces
    ]
    dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    return {
        "podSelector": {"matchLabels": dict(labels)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"podSelector": {}}, *clients], "ports": [{"protocol": "TCP", "port": port}]}],
        "egress": [
            {
                "to": [dns, {"ipBlock": {"cidr": NODE_LOCAL_DNS}}],
                "ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")],
            },
            {"ports": [{"protocol": "TCP", "port": number} for number in (HTTPS_PORT, budget_database.PORT)]},
        ],
    }
