"""The services in the cluster: Deployments with a HorizontalPodAutoscaler each."""

import pulumi
import pulumi_kubernetes as kubernetes
from settings import Settings

NAMESPACE = "platform"
LABEL = "finops.teei.io/"

# (service, CPU, memory, min, max, CPU target in percent)
SERVICES = (
    ("api-gateway", "2", "4Gi", 3, 10, 70),
    ("reporting", "4", "8Gi", 2, 20, 60),
    ("q2q-ai", "4", "16Gi", 2, 15, 65),
    ("data-residency", "2", "4Gi", 2, 10, 70),
    ("analytics", "4", "16Gi", 2, 8, 70),
    ("notifications", "1", "2Gi", 2, 6, 70),
)


class Workloads(pulumi.ComponentResource):
    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:workloads:Workloads", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags("workloads")
        kubernetes.core.v1.Namespace(
            f"{name}-namespace", metadata={"name": NAMESPACE, "labels": labels(tags)}, opts=child
        )
        for service, cpu, memory, min_replicas, max_replicas, cpu_target in SERVICES:
            meta = {"name": service, "namespace": NAMESPACE, "labels": labels(settings.tags(service))}
            pod = {"app": service, **meta["labels"]}
            kubernetes.apps.v1.Deployment(
                f"{name}-{service}",
                metadata=meta,
                opts=child,
                spec={
                    "selector": {"match_labels": {"app": service}},
                    "template": {
                        "metadata": {"labels": pod},
                        "spec": {
                            "security_context": {
                                "run_as_non_root": True,
                                "seccomp_profile": {"type": "RuntimeDefault"},
                            },
                            "containers": [
                                {
                                    "name": service,
                                    "security_context": {
                                        "allow_privilege_escalation": False,
                                        "capabilities": {"drop": ["ALL"]},
                                    },
                                    "image": f"registry.example.com/{service}:1.0",
                                    "resources": {
                                        "requests": {"cpu": cpu, "memory": memory},
                                        "limits": {"memory": memory},
                                    },
                                }
                            ],
                        },
                    },
                },
            )
            kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-{service}",
                metadata=meta,
                opts=child,
                spec={
                    "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": service},
                    "min_replicas": min_replicas,
                    "max_replicas": max_replicas,
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {
                                "name": "cpu",
                                "target": {"type": "Utilization", "average_utilization": cpu_target},
                            },
                        }
                    ],
                },
            )
        self.register_outputs({})


def labels(tags: dict[str, str]) -> dict[str, str]:
    return {LABEL + key: value for key, value in tags.items()}
