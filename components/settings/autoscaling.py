"""The autoscalers of the cluster's services: HorizontalPodAutoscalers, and KEDA for the reporting service."""

from typing import Annotated, Self

from pydantic import model_validator

from components.settings.types import (
    ConstraintError,
    CostAllocation,
    DnsName,
    Percent,
    Section,
    Unique,
    cost_allocation,
    default,
    integer,
    text,
)

GUIDE_HPA = "guide, HPA Configuration"
GUIDE_KEDA = "guide, KEDA ScaledObject"
KUBERNETES_DEFAULT = (
    "the Kubernetes default,"
    " https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/, 2026-11"
)
Replicas = Annotated[int, integer("replicas", 1, 1000)]


class Scale(Section):
    """The range of replicas of a service, and the CPU utilization that the autoscaler targets."""

    min: Replicas
    """The fewest pods."""
    max: Replicas
    """The most pods."""
    cpu: Percent
    """The target CPU utilization, in percent of the CPU request."""

    @model_validator(mode="after")
    def _min_is_at_most_max(self) -> Self:
        if self.min > self.max:
            raise self.constraint_error("min", f"at most max ({self.max})")
        return self


class Hpa(Scale):
    """A HorizontalPodAutoscaler on the Deployment `target`."""

    target: DnsName
    """The Deployment."""


class OtherServices(Scale):
    """The services without a row of their own in the guide: one HorizontalPodAutoscaler each, all alike."""

    targets: Annotated[tuple[DnsName, ...], Unique] = default(
        ("teei-unified-profile", "teei-notifications", "teei-impact-calculator"),
        "chosen: the services of the platform that the guide does not name",
    )
    """The Deployments."""
    min: Replicas = default(2, GUIDE_HPA)
    """The fewest pods."""
    max: Replicas = default(6, GUIDE_HPA)
    """The most pods."""
    cpu: Percent = default(70, GUIDE_HPA)
    """The target CPU utilization, in percent of the CPU request."""

    def hpas(self) -> tuple[Hpa, ...]:
        """One HorizontalPodAutoscaler for each of `targets`."""
        return tuple(Hpa(target=target, min=self.min, max=self.max, cpu=self.cpu) for target in self.targets)


class Behavior(Section):
    """The speed of scaling: up fast, down slowly, which prevents flapping."""

    scale_up_window_seconds: Annotated[int, integer("seconds", 0, 3600)] = default(
        30, "chosen: one interval of the metrics"
    )
    """Scale up to the lowest recommendation of this window."""
    scale_up_percent: Annotated[int, integer("percent a minute", 1, 1000)] = default(100, KUBERNETES_DEFAULT)
    """The most that the number of pods grows in a minute, in percent; see `scale_up_pods`."""
    scale_up_pods: Annotated[int, integer("pods a minute", 1, 100)] = default(4, KUBERNETES_DEFAULT)
    """The most that the number of pods grows in a minute, in pods; the larger of the two counts."""
    scale_down_window_seconds: Annotated[int, integer("seconds", 60, 3600)] = default(
        300, "guide, KEDA ScaledObject: 5 min to prevent flapping"
    )
    """Scale down to the highest recommendation of this window."""
    scale_down_percent: Annotated[int, integer("percent a minute", 1, 100)] = default(
        25, "chosen: four minutes to a third of the pods"
    )
    """The most that the number of pods shrinks in a minute."""


class Nats(Section):
    """The queue of the reporting service."""

    monitoring_endpoint: Annotated[
        str,
        text(
            "host:port of NATS monitoring", r"[a-z0-9.-]+:[0-9]{2,5}", "nats.messaging.svc.cluster.local:8222"
        ),
    ] = default("nats.messaging.svc.cluster.local:8222", "NATS's own monitoring port; decision 8")
    """Where KEDA reads the length of the queue; it must show account details."""
    account: Annotated[str, text("a NATS account", r"\S{1,128}", "$G")] = default(
        "$G", "NATS's own default account; decision 8"
    )
    """The account of the stream."""
    stream: Annotated[str, text("a stream name", r"[A-Za-z0-9_-]{1,128}", "reporting-requests")] = default(
        "reporting-requests", GUIDE_KEDA
    )
    """The stream."""
    consumer: Annotated[str, text("a consumer name", r"[A-Za-z0-9_-]{1,128}", "reporting-service")] = default(
        "reporting-service", GUIDE_KEDA
    )
    """The durable consumer."""
    lag: Annotated[int, integer("messages", 1, 1_000_000)] = default(100, GUIDE_KEDA)
    """Waiting messages per pod."""


class Reporting(Scale):
    """The KEDA ScaledObject of the reporting service, which scales by queue length and CPU."""

    name: DnsName = default("teei-reporting-nats-scaler", GUIDE_KEDA)
    """The name of the ScaledObject."""
    target: DnsName = default("teei-reporting", GUIDE_KEDA)
    """The Deployment; it has no HorizontalPodAutoscaler."""
    min: Replicas = default(2, GUIDE_HPA)
    """The fewest pods."""
    max: Replicas = default(20, GUIDE_HPA)
    """The most pods."""
    cpu: Percent = default(60, f"{GUIDE_HPA}; decision 7")
    """The target CPU utilization, in percent of the CPU request."""
    cooldown_seconds: Annotated[int, integer("seconds", 60, 3600)] = default(300, GUIDE_KEDA)
    """KEDA's `cooldownPeriod`; no effect with a `min` of 1 or more, see `scale_down_window_seconds`."""
    polling_seconds: Annotated[int, integer("seconds", 5, 600)] = default(
        30, "KEDA's own default, https://keda.sh/docs/latest/reference/scaledobject-spec/, 2026-11"
    )
    """KEDA's `pollingInterval`; no effect on scaling with a `min` of 1 or more."""
    fallback_replicas: Replicas = default(6, "chosen: the replicas of a busy hour; decision 8")
    """The least number of pods while KEDA cannot read the queue; CPU can raise it up to `max`."""
    fallback_after_failures: Annotated[int, integer("failures", 1, 100)] = default(
        3, "KEDA's example, https://keda.sh/docs/latest/reference/scaledobject-spec/#fallback, 2026-11"
    )
    """KEDA's `failureThreshold`: the fallback starts with the next consecutive failure to read the queue."""
    nats: Nats = Nats()
    """The queue."""

    @model_validator(mode="after")
    def _fallback_is_in_range(self) -> Self:
        if not self.min <= self.fallback_replicas <= self.max:
            raise self.constraint_error("fallback_replicas", f"from min ({self.min}) to max ({self.max})")
        return self


GUIDE_SERVICES = (
    Hpa(target="teei-api-gateway", min=3, max=10, cpu=70),
    Hpa(target="teei-q2q-ai", min=2, max=15, cpu=65),
    Hpa(target="teei-data-residency", min=2, max=10, cpu=70),
    Hpa(target="teei-analytics", min=2, max=8, cpu=70),
)


class Autoscaling(Section):
    """The autoscalers of the cluster's services. A Deployment has exactly one."""

    cost_allocation: CostAllocation = cost_allocation("autoscaling", "cloud-eks")
    """The cost tags of the autoscaled services."""
    pod_label: Annotated[
        str, text("the label that holds a Deployment's name on its pods", r"[a-z0-9./-]{1,63}", "app")
    ] = default("app", "chosen: the label that the platform's Deployments use")
    """The label that holds a Deployment's name on its pods."""
    services: tuple[Hpa, ...] = default(GUIDE_SERVICES, GUIDE_HPA)
    """One autoscaler for each row of the guide's table."""
    other_services: OtherServices = OtherServices()
    """The services without a row of their own."""
    behavior: Behavior = Behavior()
    """The speed of scaling."""
    reporting: Reporting = Reporting()
    """The service that scales by its queue."""

    def hpas(self) -> tuple[Hpa, ...]:
        """Every HorizontalPodAutoscaler."""
        return (*self.services, *self.other_services.hpas())

    @model_validator(mode="after")
    def _one_autoscaler_per_deployment(self) -> Self:
        targets: set[str] = {self.reporting.target}
        for index, hpa in enumerate(self.hpas()):
            if hpa.target in targets:
                other = index - len(self.services)
                key = f"services[{index}].target" if other < 0 else f"other_services.targets[{other}]"
                raise ConstraintError(key, hpa.target, "a Deployment without another autoscaler")
            targets.add(hpa.target)
        return self
