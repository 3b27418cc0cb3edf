"""The Karpenter node pool for interruptible workloads: spot instances, else on-demand instances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.settings import Settings
from components.settings import spot_node_pool as settings_spot
from components.tags import CostTags

# The taint and label of the nodes: only pods that tolerate the one and select the other run on them.
INTERRUPTIBLE = "finops.teei.io/interruptible"


@dataclass(frozen=True)
class SpotNodePoolArgs:
    settings: Settings


class SpotNodePool(pulumi.ComponentResource):
    """The NodePool, and the EC2NodeClass with the cost tags of its instances and volumes."""

    def __init__(self, name: str, args: SpotNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:spot_node_pool:SpotNodePool", name, None, opts)
        settings = args.settings.spot_node_pool
        tags = args.settings.tags(settings.cost_allocation)
        metadata: Any = {"name": "finops-spot", "labels": tags.as_labels()}
        node_class = k8s.apiextensions.CustomResource(
            f"{name}-node-class",
            api_version="karpenter.k8s.aws/v1",
            kind="EC2NodeClass",
            metadata=metadata,
            spec=node_class_spec(settings, args.settings.network.private_subnet_ids, tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        k8s.apiextensions.CustomResource(
            f"{name}-node-pool",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata=metadata,
            spec=node_pool_spec(settings, metadata["name"], tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[node_class]),
        )
        self.register_outputs({})


def node_class_spec(settings: settings_spot.SpotNodePool, subnet_ids: Sequence[str], tags: CostTags) -> Any:
    return {
        "amiSelectorTerms": [{"alias": settings.ami_alias}],
        "role": settings.node_role,
        "subnetSelectorTerms": [{"id": subnet} for subnet in subnet_ids],
        "securityGroupSelectorTerms": [{"id": settings.node_security_group_id}],
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {
                    "volumeType": "gp3",
                    "volumeSize": "50Gi",
                    "encrypted": True,
                    "deleteOnTermination": True,
                },
            }
        ],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "tags": tags.as_tags(),
    }


def node_pool_spec(settings: settings_spot.SpotNodePool, node_class: str, tags: CostTags) -> Any:
    """Karpenter prefers spot where both capacity types are allowed.

    https://karpenter.sh/docs/concepts/nodepools/, 2026-11.
    """
    return {
        "weight": 10,
        "template": {
            "metadata": {"labels": {INTERRUPTIBLE: "true", **tags.as_labels()}},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class},
                "taints": [{"key": INTERRUPTIBLE, "value": "true", "effect": "NoSchedule"}],
                "requirements": [
                    _requirement("karpenter.sh/capacity-type", "In", "spot", "on-demand"),
                    _requirement("kubernetes.io/arch", "In", *settings.architectures),
                    _requirement("karpenter.k8s.aws/instance-category", "In", *settings.instance_categories),
                    _requirement(
                        "karpenter.k8s.aws/instance-generation", "Gt", str(settings.min_generation - 1)
                    ),
                ],
                "expireAfter": f"{settings.expire_after_hours}h",
            },
        },
        "limits": {"cpu": str(settings.cpu_limit), "memory": f"{settings.memory_limit_gib}Gi"},
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": f"{settings.consolidate_after_seconds}s",
            "budgets": [{"nodes": "10%"}],
        },
    }


def _requirement(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}
