"""The scalers of the cluster's services: one for each Deployment, and a disruption budget beside it."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.settings import Settings
from components.settings import cluster as settings_cluster


@dataclass(frozen=True)
class AutoscalingArgs:
    settings: Settings


class Autoscaling(pulumi.ComponentResource):
    """HorizontalPodAutoscalers for all services but reporting, which KEDA scales by its queue and its CPU.

    KEDA refuses a ScaledObject on a Deployment that has a HorizontalPodAutoscaler, so reporting has no other.
    """

    targets: tuple[str, ...]

    def __init__(self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:autoscaling:Autoscaling", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings.autoscaling
        rows, reporting = settings.rows(), settings.reporting
        for row in rows:
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-{row.target}",
                metadata=_metadata(row.target, args.settings),
                spec=horizontal_scaling(row, settings.behavior),
                opts=child,
            )
        k8s.apiextensions.CustomResource(
            f"{name}-{reporting.target}",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata=_metadata(reporting.name, args.settings),
            spec=queue_scaling(reporting, settings.behavior),
            opts=child,
        )
        self.targets = (*(row.target for row in rows), reporting.target)
        for target in self.targets:
            k8s.policy.v1.PodDisruptionBudget(
                f"{name}-{target}-disruption",
                metadata=_metadata(target, args.settings),
                # One pod at a time: it fits every minimum, and never blocks the drain of a node.
                spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                    max_unavailable=1,
                    selector=k8s.meta.v1.LabelSelectorArgs(match_labels={settings.pod_label: target}),
                ),
                opts=child,
            )
        self.register_outputs({"targets": list(self.targets)})


def _metadata(name: str, settings: Settings) -> Any:
    labels = settings.tags(settings.autoscaling.charge).as_labels()
    return {"name": name, "namespace": settings.cluster.namespace, "labels": labels}


def horizontal_scaling(row: settings_cluster.Hpa, behavior: settings_cluster.Behavior) -> Any:
    """The spec of a HorizontalPodAutoscaler (autoscaling/v2)."""
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": row.target},
        "minReplicas": row.min,
        "maxReplicas": row.max,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": row.cpu}},
            }
        ],
        "behavior": scaling_behavior(behavior),
    }


def scaling_behavior(behavior: settings_cluster.Behavior) -> Any:
    """Up by the larger of two steps a minute, down by one small step from the highest wish of the window."""
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


def queue_scaling(reporting: settings_cluster.Reporting, behavior: settings_cluster.Behavior) -> Any:
    """The spec of a ScaledObject; all values of a trigger are strings (keda.sh/docs/latest/scalers/).

    `fallback` needs an explicit AverageValue trigger (kedacore/keda#6696), and while it is in force it also
    overrides the CPU trigger (kedacore/keda#6659): its replicas are those of a busy hour.
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
                "metricType": "AverageValue",
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
