"""The Karpenter node pool for interruptible workloads."""

from typing import Annotated

from pydantic import Field

from components.settings.types import (
    CostAllocation,
    Section,
    SecurityGroupId,
    Unique,
    cost_allocation,
    default,
    integer,
    text,
)

KARPENTER_DOCS = "https://karpenter.sh/docs/concepts/nodepools/, 2026-11"


class SpotNodePool(Section):
    """The Karpenter node pool for interruptible workloads: spot instances first, then on-demand."""

    cost_allocation: CostAllocation = cost_allocation("spot-nodes", "cloud-eks")
    """The cost tags of the nodes."""
    node_role: Annotated[
        str, text("the name of the nodes' IAM role", r"[A-Za-z0-9+=,.@_-]{1,64}", "teei-prod-node")
    ]
    """The IAM role of the nodes."""
    node_security_group_id: SecurityGroupId
    """The security group of the nodes."""
    ami_alias: Annotated[
        str, text("an AMI alias with a pinned version", r"[a-z0-9]+@\S+", "al2023@v20261103")
    ] = default("al2023@v20261103", "chosen: the newest version of Amazon Linux 2023, 2026-11")
    """The machine image; pinned, so that nodes change only when the config does."""
    architectures: Annotated[
        tuple[Annotated[str, text("an architecture", r"arm64|amd64", "arm64")], ...],
        Unique,
        Field(min_length=1),
    ] = default(("arm64", "amd64"), "chosen: both widen the choice of spot instances")
    """The CPU architectures of the instances."""
    instance_categories: Annotated[
        tuple[Annotated[str, text("an instance category", r"[a-z]{1,3}", "m")], ...],
        Unique,
        Field(min_length=1),
    ] = default(("c", "m", "r"), f"Karpenter's example, {KARPENTER_DOCS}")
    """The instance categories; more categories mean fewer interruptions."""
    min_generation: Annotated[int, integer("generations", 1, 20)] = default(5, "chosen: Nitro instances")
    """The oldest instance generation."""
    cpu_limit: Annotated[int, integer("vCPU", 1, 10_000)] = default(200, "chosen: 25 instances of 8 vCPU")
    """The most vCPU of all nodes together."""
    memory_limit_gib: Annotated[int, integer("GiB", 1, 100_000)] = default(800, "chosen: 4 GiB for each vCPU")
    """The most memory of all nodes together."""
    consolidate_after_seconds: Annotated[int, integer("seconds", 0, 86400)] = default(
        60, f"Karpenter's example, {KARPENTER_DOCS}"
    )
    """How long a node is idle before it is removed."""
    expire_after_hours: Annotated[int, integer("hours", 1, 8760)] = default(
        720, f"Karpenter's own default, {KARPENTER_DOCS}"
    )
    """The age at which a node is replaced."""
