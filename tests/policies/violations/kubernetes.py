"""Violations of the policies on Kubernetes objects; rows as in `stack`."""

from typing import Any

Row = tuple[str, str, Any, str]

_NATS = "spec.triggers.0.metadata"


def _window(seconds: int | None) -> dict[str, Any]:
    behavior = {"scaleDown": {"stabilizationWindowSeconds": seconds}}
    return {"horizontalPodAutoscalerConfig": {"behavior": behavior}}


_CONTAINER = "spec.template.spec.containers.0.resources"
SCALING: list[Row] = [
    ("deployment", _CONTAINER, None, "containers-request-resources"),
    ("deployment", f"{_CONTAINER}.requests.cpu", None, "containers-request-resources"),
    ("deployment", f"{_CONTAINER}.requests.memory", None, "containers-request-resources"),
    ("deployment", f"{_CONTAINER}.requests.memory", "", "containers-request-resources"),
    ("deployment", "spec.template.spec.initContainers.1.resources", None, "containers-request-resources"),
    ("deployment", f"{_CONTAINER}.requests.cpu", "0", "containers-request-resources"),
    ("deployment", f"{_CONTAINER}.requests.cpu", "0m", "containers-request-resources"),
    ("deployment", f"{_CONTAINER}.requests.cpu", 0.25, ""),
    ("deployment", _CONTAINER, {"limits": {"cpu": "1", "memory": "1Gi"}}, ""),
    ("deployment", _CONTAINER, {"limits": {"cpu": "1"}}, "containers-request-resources"),
    (
        "deployment",
        _CONTAINER,
        {"requests": {"cpu": "0"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        "containers-request-resources",
    ),
    ("stateful_set", f"{_CONTAINER}.requests.cpu", None, "containers-request-resources"),
    ("clone_set", f"{_CONTAINER}.requests.cpu", None, "containers-request-resources"),
    ("rollout", f"{_CONTAINER}.requests.cpu", None, "containers-request-resources"),
    ("replica_set", f"{_CONTAINER}.requests.cpu", None, "containers-request-resources"),
    (
        "cron_job",
        "spec.jobTemplate.spec.template.spec.containers.0.resources",
        None,
        "containers-request-resources",
    ),
    ("hpa", "spec.maxReplicas", 1, "hpa-range-is-valid"),
    ("hpa", "spec.minReplicas", 9, "hpa-range-is-valid"),
    ("hpa", "spec.minReplicas", None, "hpa-has-two-replicas-in-prod"),
    ("hpa", "spec.minReplicas", 1, "hpa-has-two-replicas-in-prod"),
    ("hpa", "spec.metrics.0.resource.target.averageUtilization", 39, "scaler-target-is-sensible"),
    ("hpa", "spec.metrics.0.resource.target.averageUtilization", 86, "scaler-target-is-sensible"),
    ("hpa", "spec.targetCPUUtilizationPercentage", 90, "scaler-target-is-sensible"),
    (
        "hpa",
        "spec.metrics.0",
        {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "target": {"averageUtilization": 95}},
        },
        "scaler-target-is-sensible",
    ),
    ("scaled_object", "spec.triggers.1.metadata.value", "20", "scaler-target-is-sensible"),
    ("scaled_object", "spec.triggers.1.metadata.value", "90", "scaler-target-is-sensible"),
    (
        "scaled_object",
        "spec.triggers.1",
        {"type": "cpu", "metadata": {"value": "86"}},
        "scaler-target-is-sensible",
    ),
    ("scaled_object", "spec.maxReplicaCount", None, "scaled-object-is-bounded"),
    ("scaled_object", "spec.maxReplicaCount", 1, "scaled-object-is-bounded"),
    ("scaled_object", "spec.advanced", _window(0), "scaled-object-cools-down"),
    ("scaled_object", "spec.advanced", None, "scaled-object-cools-down"),
    ("scaled_object", "spec.advanced", {"restoreToOriginalReplicaCount": True}, "scaled-object-cools-down"),
    ("scaled_object", "spec.advanced", _window(None), ""),
    ("scaled_object", "spec.cooldownPeriod", None, ""),
    ("scaled_object", "spec.idleReplicaCount", 0, ""),
    ("scaled_object", "spec.cooldownPeriod", 0, ""),
    ("scaled_to_zero", "spec.cooldownPeriod", None, ""),
    ("scaled_to_zero", "spec.minReplicaCount", None, ""),
    ("scaled_to_zero", "spec.minReplicaCount", 1, "scaled-object-cools-down"),
    ("scaled_to_zero", "spec.cooldownPeriod", 0, "scaled-object-cools-down"),
    *(
        ("scaled_object", f"{_NATS}.{name}", value, "nats-trigger-is-complete")
        for name in ("natsServerMonitoringEndpoint", "account", "stream", "consumer")
        for value in (None, " ")
    ),
    ("scaled_object", f"{_NATS}.lagThreshold", 100, "trigger-values-are-text"),
    ("scaled_object", "spec.triggers.1.metadata.value", 60, "trigger-values-are-text"),
    ("scaled_object", f"{_NATS}.useHttps", True, "trigger-values-are-text"),
    ("hpa", "spec.scaleTargetRef.name", "teei-reporting", "workload-has-one-scaler workload-is-scaled"),
    ("hpa", "spec.scaleTargetRef.name", "another", "workload-is-scaled"),
    ("hpa", "spec.scaleTargetRef.kind", "StatefulSet", "workload-is-scaled"),
    ("hpa", "metadata.namespace", None, "workload-is-scaled"),
]
_VPA = "vpa-leaves-the-metric-of-the-hpa"
_CONTROLLED = "spec.resourcePolicy.containerPolicies.0.controlledResources"
VERTICAL_SCALING: list[Row] = [
    ("vertical_scaler", "spec.resourcePolicy", None, _VPA),
    ("vertical_scaler", _CONTROLLED, None, _VPA),
    ("vertical_scaler", _CONTROLLED, ["cpu", "memory"], _VPA),
    (
        "vertical_scaler",
        "spec",
        {
            "targetRef": {"kind": "Deployment", "name": "teei-analytics"},
            "updatePolicy": {"updateMode": "Off"},
        },
        "",
    ),
    ("vertical_scaler", "spec", {"targetRef": {"kind": "Deployment", "name": "teei-analytics"}}, _VPA),
    ("vertical_scaler", "spec", {"targetRef": {"kind": "Deployment", "name": "teei-reporting"}}, _VPA),
    ("vertical_scaler", "spec", {"targetRef": {"kind": "Deployment", "name": "teei-other"}}, ""),
    ("hpa", "spec.metrics.0.resource.name", "memory", _VPA),
    ("hpa", "spec.metrics.0.resource.target", {"type": "AverageValue", "averageValue": "10"}, ""),
    ("scaled_object", "spec.triggers.1.type", "memory", ""),
]
_CONSOLIDATES = "node-pool-consolidates"
NODE_POOLS: list[Row] = [
    ("node_pool", "spec.limits", None, "node-pool-is-limited"),
    ("node_pool", "spec.limits", {"nvidia.com/gpu": "8"}, "node-pool-is-limited"),
    ("node_pool", "spec.limits", {"memory": "1000Gi"}, ""),
    ("node_pool", "spec", {"replicas": 5}, ""),
    ("node_pool", "spec.limits", {"nodes": "10"}, ""),
    ("node_pool", "spec.disruption.consolidationPolicy", "WhenEmpty", _CONSOLIDATES),
    ("node_pool", "spec.disruption.consolidateAfter", "Never", _CONSOLIDATES),
    ("node_pool", "spec.disruption", None, ""),
    ("node_pool", "spec.disruption.budgets", [{"nodes": "0"}], _CONSOLIDATES),
    ("node_pool", "spec.disruption.budgets", [{"nodes": "0%", "reasons": ["Underutilized"]}], _CONSOLIDATES),
    ("node_pool", "spec.disruption.budgets", [{"nodes": "0", "reasons": ["Drifted"]}], ""),
    ("node_pool", "spec.disruption.budgets", [{"nodes": "10%"}], ""),
    (
        "node_pool",
        "spec.disruption.budgets",
        [{"nodes": "10%"}, {"nodes": "0", "schedule": "0 9 * * mon-fri", "duration": "8h"}],
        "",
    ),
]
SERVICES: list[Row] = [
    ("internal_service", "spec.type", "LoadBalancer", "services-share-a-load-balancer"),
    ("network_service", "spec.type", "LoadBalancer", ""),
    ("internal_service", "spec", {"type": "LoadBalancer", "ports": [{"port": 5432}]}, ""),
    ("internal_service", "spec", {"type": "LoadBalancer", "ports": [{"port": 443}, {"port": 53}]}, ""),
]
_DRAINS = "disruption-budget-allows-drains"
DISRUPTION: list[Row] = [
    ("disruption_budget", "spec.unhealthyPodEvictionPolicy", None, _DRAINS),
    ("disruption_budget", "spec.unhealthyPodEvictionPolicy", "IfHealthyBudget", _DRAINS),
    ("disruption_budget", "spec.maxUnavailable", 0, _DRAINS),
    ("disruption_budget", "spec.maxUnavailable", "0%", _DRAINS),
    ("disruption_budget", "spec.minAvailable", "100%", _DRAINS),
    ("disruption_budget", "spec.maxUnavailable", "10%", ""),
]
_POD = "spec.template.spec"
_APP = f"{_POD}.containers.0"
_RESTRICTED = "pods-meet-the-restricted-standard"
POD_SECURITY: list[Row] = [
    *(("deployment", f"{_POD}.{key}", True, _RESTRICTED) for key in ("hostNetwork", "hostPID", "hostIPC")),
    ("deployment", f"{_POD}.securityContext", None, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.runAsNonRoot", None, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.runAsNonRoot", False, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.runAsUser", 0, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.seccompProfile", None, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.seccompProfile.type", "Unconfined", _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.appArmorProfile", {"type": "Unconfined"}, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.seLinuxOptions", {"type": "spc_t"}, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.seLinuxOptions", {"role": "sysadm_r"}, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.windowsOptions", {"hostProcess": True}, _RESTRICTED),
    ("deployment", f"{_POD}.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], _RESTRICTED),
    ("deployment", f"{_POD}.volumes.0", {"name": "root", "hostPath": {"path": "/"}}, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext", None, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.privileged", True, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.allowPrivilegeEscalation", None, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.allowPrivilegeEscalation", True, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.capabilities", None, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.capabilities.drop", ["NET_RAW"], _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.capabilities.add", ["SYS_ADMIN"], _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.runAsNonRoot", False, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.runAsUser", 0, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.seccompProfile", {"type": "Unconfined"}, _RESTRICTED),
    ("deployment", f"{_APP}.securityContext.procMount", "Unmasked", _RESTRICTED),
    ("deployment", f"{_APP}.ports", [{"containerPort": 80, "hostPort": 80}], _RESTRICTED),
    ("deployment", f"{_APP}.livenessProbe", {"httpGet": {"host": "10.0.0.1", "port": 80}}, _RESTRICTED),
    ("deployment", f"{_APP}.lifecycle", {"preStop": {"tcpSocket": {"host": "a", "port": 1}}}, _RESTRICTED),
    ("deployment", f"{_POD}.initContainers.0.securityContext", None, _RESTRICTED),
    ("cron_job", "spec.jobTemplate.spec.template.spec.containers.0.securityContext", None, _RESTRICTED),
]
POD_SECURITY_ALLOWED: list[Row] = [
    ("deployment", f"{_APP}.securityContext.capabilities.add", ["NET_BIND_SERVICE"], ""),
    ("deployment", f"{_APP}.securityContext.seccompProfile", {"type": "Localhost"}, ""),
    ("deployment", f"{_APP}.ports", [{"containerPort": 80, "hostPort": 0}], ""),
    ("deployment", f"{_APP}.livenessProbe", {"httpGet": {"port": 80}}, ""),
    ("deployment", f"{_POD}.securityContext.runAsUser", 101, ""),
    ("deployment", f"{_POD}.securityContext.sysctls", [{"name": "net.ipv4.tcp_syncookies"}], ""),
    ("deployment", f"{_POD}.volumes.0", {"name": "files", "hostPath": None, "secret": {}}, ""),
]
