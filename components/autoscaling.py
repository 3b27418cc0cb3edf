"""Autoscalers of the cluster's services: one per Deployment, with a PodDisruptionBudget."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.settings import Settings
from components.settings import autoscaling as settings_autoscaling


@dataclass(frozen=True)
class AutoscalingArgs:
    settings: Settings


class Autoscaling(pulumi.ComponentResource):
    """HorizontalPodAutoscalers for all services except reporting, which KEDA scales by queue length and CPU.

    KEDA's webhook refuses a ScaledObject on a Deployment that has a HorizontalPodAutoscaler, so reporting
    has none.
    """

    targets: tuple[str, ...]

    def __init__(self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:autoscaling:Autoscaling", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings.autoscaling
        hpas, reporting = settings.hpas(), settings.reporting
        for hpa in hpas:
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-{hpa.target}",
                metadata=_metadata(hpa.target, args.settings),
                spec=horizontal_pod_autoscaler(hpa, settings.behavior),
                opts=child,
            )
        k8s.apiextensions.CustomResource(
            f"{name}-{reporting.target}",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata=_metadata(reporting.name, args.settings),
            spec=scaled_object(reporting, settings.behavior),
            opts=child,
        )
        self.targets = (*(hpa.target for hpa in hpas), reporting.target)
        for target in self.targets:
            k8s.policy.v1.PodDisruptionBudget(
                f"{name}-{target}-disruption",
                metadata=_metadata(target, args.settings),
                # One pod at a time works with every minimum. Without AlwaysAllow, a drain would wait for
                # unready pods to become ready, indefinitely where they cannot.
                spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                    max_unavailable=1,
                    unhealthy_pod_eviction_policy="AlwaysAllow",
                    selector=k8s.meta.v1.LabelSelectorArgs(match_labels={settings.pod_label: target}),
                ),
                opts=child,
            )
        self.register_outputs({"targets": list(self.targets)})


def _metadata(name: str, settings: Settings) -> Any:
    labels = settings.tags(settings.autoscaling.cost_allocation).as_labels()
    return {"name": name, "namespace": settings.cluster.namespace, "labels": labels}


def horizontal_pod_autoscaler(hpa: settings_autoscaling.Hpa, behavior: settings_autoscaling.Behavior) -> Any:
    """The spec of a HorizontalPodAutoscaler (autoscaling/v2)."""
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": hpa.target},
        "minReplicas": hpa.min,
        "maxReplicas": hpa.max,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": hpa.cpu}},
            }
        ],
        "behavior": scaling_behavior(behavior),
    }


def scaling_behavior(behavior: settings_autoscaling.Behavior) -> Any:
    """Up by the larger of two steps a minute; down slowly, from the highest recommendation of the window."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": behavior.scale_up_window_seconds,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": behavior.scale_up_percent, "periodSeconds": 60},
                {"type": "Pods", "value": behavior.scale_up_pods, "periodSeconds": 60},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": behavior.scale_down_window_seconds,
            "selectPolicy": "Max",
            "policies": [{"type": "Percent", "value": behavior.scale_down_percent, "periodSeconds": 60}],
        },
    }


def scaled_object(reporting: settings_autoscaling.Reporting, behavior: settings_autoscaling.Behavior) -> Any:
    """The spec of a ScaledObject; all values of a trigger are strings (keda.sh/docs/latest/scalers/).

    The minimum is at least 1, so KEDA's HPA does all the scaling: `cooldownPeriod` and `pollingInterval`,
    which KEDA uses between zero and one pod, have no effect on it, and `behavior` prevents flapping. While
    the fallback applies, KEDA reports the queue as if `fallback.replicas` were needed, and the CPU trigger
    still counts: the HPA takes the larger number. Tried on KEDA 2.21 and Kubernetes 1.34, 2026-11.
    """
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": reporting.target},
        "minReplicaCount": reporting.min,
        "maxReplicaCount": reporting.max,
        "cooldownPeriod": reporting.cooldown_seconds,
        "pollingInterval": reporting.polling_seconds,
        "fallback": {
            "failureThreshold": reporting.fallback_after_failures,
            "replicas": reporting.fallback_replicas,
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": scaling_behavior(behavior)}},
        "triggers": [
            {
                "type": "nats-jetstream",
                "metadata": {
                    "natsServerMonitoringEndpoint": reporting.nats.monitoring_endpoint,
                    "account": reporting.nats.account,
                    "stream": reporting.nats.stream,
                    "consumer": reporting.nats.consumer,
                    "lagThreshold": str(reporting.nats.lag),
                },
            },
            {"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(reporting.cpu)}},
        ],
    }
