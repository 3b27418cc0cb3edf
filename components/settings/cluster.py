"""The part of the stack config about what the platform owns (network, cluster) and what scales in it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings.types import Charge, DnsName, Percent, RefusedError, Section, Unique, text, whole

SubnetId = Annotated[str, text("a subnet id", r"subnet-[0-9a-f]{8,17}", "subnet-0a1b2c3d4e5f60001")]
SecurityGroupId = Annotated[str, text("a security group id", r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d4e5f60001")]
Replicas = Annotated[int, whole("replicas", 1, 1000)]
Seconds = Annotated[int, whole("seconds", 0, 86400)]


class Network(Section):
    """The VPC, which the platform owns."""

    vpc_id: Annotated[str, text("a VPC id", r"vpc-[0-9a-f]{8,17}", "vpc-0a1b2c3d4e5f60001")]
    """The VPC."""
    private_subnet_ids: Annotated[tuple[SubnetId, ...], Unique, Field(min_length=2)]
    """In at least two zones."""
    client_security_group_id: SecurityGroupId
    """The pods' security group, which may reach the database."""


class Cluster(Section):
    """The EKS cluster, which the platform owns."""

    name: DnsName
    """The EKS cluster."""
    context: Annotated[str, text("a context of the kubeconfig", r"\S{1,253}", "prod-us-east-1")]
    """The context of the kubeconfig that is deployed to; it pins the cluster."""
    namespace: DnsName
    """The namespace of the services."""


class Scale(Section):
    """How far a service scales, and the CPU use, in percent of its request, that it is kept at."""

    min: Replicas
    """The fewest pods."""
    max: Replicas
    """The most pods."""
    cpu: Percent
    """Percent of the CPU request that use is kept at."""

    @model_validator(mode="after")
    def _min_is_at_most_max(self) -> Self:
        if self.min > self.max:
            raise self.refused("min", f"up to max ({self.max})")
        return self


class Hpa(Scale):
    """A HorizontalPodAutoscaler on the Deployment `target`."""

    target: DnsName
    """The Deployment."""


class OtherServices(Scale):
    """The services without a row of their own in the guide: one HorizontalPodAutoscaler each, all alike."""

    targets: Annotated[tuple[DnsName, ...], Unique]
    """The Deployments."""

    def rows(self) -> tuple[Hpa, ...]:
        return tuple(Hpa(target=each, min=self.min, max=self.max, cpu=self.cpu) for each in self.targets)


class Behavior(Section):
    """How fast a HorizontalPodAutoscaler follows: slow down, quick up, so that it does not flap."""

    scale_up_window_seconds: Annotated[int, whole("seconds", 0, 3600)]
    """Scale up to the lowest wish of this window."""
    scale_up_percent: Annotated[int, whole("percent a minute", 1, 1000)]
    """At most this much more a minute, or"""
    scale_up_pods: Annotated[int, whole("pods a minute", 1, 100)]
    """this many more a minute, whichever is larger."""
    scale_down_window_seconds: Annotated[int, whole("seconds", 60, 3600)]
    """Scale down to the highest wish of this window."""
    scale_down_percent: Annotated[int, whole("percent a minute", 1, 100)]
    """At most this much less a minute."""


class Nats(Section):
    """The queue that the reporting service works on."""

    monitoring_endpoint: Annotated[
        str,
        text(
            "host:port of NATS monitoring", r"[a-z0-9.-]+:[0-9]{2,5}", "nats.messaging.svc.cluster.local:8222"
        ),
    ]
    """Where KEDA reads the queue; it must show account details."""
    account: Annotated[str, text("a NATS account", r"\S{1,128}", "$G")]
    """The account of the stream."""
    stream: Annotated[str, text("a stream name", r"[A-Za-z0-9_-]{1,128}", "reporting-requests")]
    """The stream."""
    consumer: Annotated[str, text("a consumer name", r"[A-Za-z0-9_-]{1,128}", "reporting-service")]
    """The durable consumer."""
    lag: Annotated[int, whole("messages", 1, 1_000_000)]
    """Messages waiting for each pod."""


class Reporting(Scale):
    """The KEDA ScaledObject of the reporting service: queue depth and CPU."""

    name: DnsName
    """The name of the ScaledObject."""
    target: DnsName
    """The Deployment; it has no HorizontalPodAutoscaler."""
    cooldown_seconds: Annotated[int, whole("seconds", 60, 3600)]
    """How long KEDA waits before it scales down."""
    polling_seconds: Annotated[int, whole("seconds", 5, 600)]
    """How often KEDA reads the queue."""
    fallback_replicas: Replicas
    """The pods while KEDA cannot read the queue; CPU does not count then."""
    fallback_after_failures: Annotated[int, whole("failures", 1, 100)]
    """Failed readings in a row until then."""
    nats: Nats
    """The queue."""

    @model_validator(mode="after")
    def _fallback_is_in_range(self) -> Self:
        if not self.min <= self.fallback_replicas <= self.max:
            raise self.refused("fallback_replicas", f"min ({self.min}) to max ({self.max})")
        return self


class Autoscaling(Section):
    """Every scaler of the cluster's services. A Deployment has exactly one."""

    charge: Charge
    """Who pays for the scaled services."""
    pod_label: Annotated[
        str, text("the label that holds a Deployment's name on its pods", r"[a-z0-9./-]{1,63}", "app")
    ]
    """The label that holds a Deployment's name on its pods."""
    services: tuple[Hpa, ...]
    """One row of the guide each."""
    other_services: OtherServices
    """The services without a row of their own."""
    behavior: Behavior
    """How fast all scalers follow."""
    reporting: Reporting
    """The service that is scaled by its queue."""

    def rows(self) -> tuple[Hpa, ...]:
        """One row for each HorizontalPodAutoscaler."""
        return (*self.services, *self.other_services.rows())

    @model_validator(mode="after")
    def _one_scaler_each(self) -> Self:
        seen: set[str] = {self.reporting.target}
        for index, row in enumerate(self.rows()):
            if row.target in seen:
                of_others = index - len(self.services)
                key = f"services[{index}].target" if of_others < 0 else f"other_services.targets[{of_others}]"
                raise RefusedError(key, row.target, "one scaler for each Deployment, and it has another one")
            seen.add(row.target)
        return self


class Spot(Section):
    """The Karpenter node pool for workloads that may be interrupted: spot first, else on-demand."""

    charge: Charge
    """Who pays for the nodes."""
    node_role: Annotated[
        str, text("the name of the nodes' IAM role", r"[A-Za-z0-9+=,.@_-]{1,64}", "teei-prod-node")
    ]
    """The nodes' IAM role."""
    node_security_group_id: SecurityGroupId
    """The nodes' security group."""
    ami_alias: Annotated[
        str, text("an AMI alias with a pinned version", r"[a-z0-9]+@\S+", "al2023@v20261103")
    ]
    """The machine image; pinned, so that nodes change when the config does."""
    architectures: Annotated[
        tuple[Annotated[str, text("an architecture", r"arm64|amd64", "arm64")], ...],
        Unique,
        Field(min_length=1),
    ]
    """Instances of these."""
    instance_categories: Annotated[
        tuple[Annotated[str, text("an instance category", r"[a-z]{1,3}", "m")], ...],
        Unique,
        Field(min_length=1),
    ]
    """Instances of these; the more, the rarer the interruptions."""
    min_generation: Annotated[int, whole("generations", 1, 20)]
    """No older instances."""
    cpu_limit: Annotated[int, whole("vCPU", 1, 10_000)]
    """All nodes together."""
    memory_limit_gib: Annotated[int, whole("GiB", 1, 100_000)]
    """All nodes together."""
    consolidate_after_seconds: Seconds
    """How long a node is idle before it is given back."""
    expire_after_hours: Annotated[int, whole("hours", 1, 8760)]
    """The age at which a node is replaced."""
