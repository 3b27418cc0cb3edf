"""Resources that the inputs of the sweep refer to, and what a variant of inputs is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.teei_finops.costing.estimators.estimate_helpers import resource


@dataclass(frozen=True)
class Variant:
    inputs: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    related: tuple[dict[str, Any], ...] = ()


TEMPLATE = resource(
    "aws:ec2/launchTemplate:LaunchTemplate",
    {"instanceType": "t3.large", "networkInterfaces": [{"associatePublicIpAddress": False}]},
    name="lt",
    id="lt-1",
)
SPOT_TEMPLATE = resource(
    "aws:ec2/launchTemplate:LaunchTemplate",
    {"instanceType": "t3.large", "instanceMarketOptions": {"marketType": "spot"}},
    name="spot",
    id="lt-2",
)
TASK = resource(
    "aws:ecs/taskDefinition:TaskDefinition",
    {"family": "shop", "cpu": "256", "memory": "512"},
    name="task",
)
IPAM_POOL = resource(
    "aws:ec2/vpcIpamPool:VpcIpamPool",
    {"publicIpSource": "amazon", "addressFamily": "ipv4"},
    name="pool",
    id="pool",
)
SERVERLESS = {"minCapacity": 1, "maxCapacity": 4}
SIZES = {"minSize": 1, "desiredSize": 2, "maxSize": 4}
