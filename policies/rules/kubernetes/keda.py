"""KEDA ScaledObjects: limits, a wait before scaling down, and complete triggers."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.kubernetes_types import is_scaled_object
from policies.properties import Property
from policies.resources import Resource
from policies.rule import GuideSection, Options, Rule, integer_option, resource_policy, text_list_option

# Of an HPA; https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/, 2026-11.
DEFAULT_WINDOW_SECONDS = 300
WINDOW = "advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds"
# Of KEDA; https://keda.sh/docs/latest/reference/scaledobject-spec/#cooldownperiod, 2026-11.
DEFAULT_COOLDOWN_SECONDS = 300
NATS = "nats-jetstream"
NATS_FIELDS = ("natsServerMonitoringEndpoint", "account", "stream", "consumer")


def scaled_object_is_bounded(context: EvaluationContext) -> Policy:
    """By default KEDA scales to at most 100 replicas and down to 0."""
    rule = Rule(
        id="scaled-object-is-bounded",
        description="Every ScaledObject must set a maxReplicaCount that is not below its minReplicaCount.",
        severity=Severity.HIGH,
        section=GuideSection.AUTOSCALING,
        fix="Set spec.maxReplicaCount.",
        options={"default_minimum": integer_option("the minimum where minReplicaCount is absent", 0)},
        tags=("scaling",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.inputs["spec"]
        maximum, minimum = spec["maxReplicaCount"], spec["minReplicaCount"]
        if maximum.absent:
            what = "is not set, and KEDA scales to 100 replicas"
            yield Violation(maximum.path, what, maximum.data, "set maxReplicaCount")
            return
        low, high = minimum.number(options["default_minimum"]), maximum.number()
        if low > high:
            yield Violation(
                minimum.path,
                "is above spec.maxReplicaCount",
                f"{low:g} > {high:g}",
                "raise maxReplicaCount or lower minReplicaCount",
            )

    return resource_policy(rule, context, is_scaled_object, check)


def scaled_object_cools_down(context: EvaluationContext) -> Policy:
    """KEDA uses cooldownPeriod only to scale to 0 pods. Above that its HPA waits for a window of its own.

    Sources: https://keda.sh/docs/latest/reference/scaledobject-spec/#cooldownperiod, kedacore/keda#6844 and
    kedacore/keda#7770, 2026-11.
    """
    rule = Rule(
        id="scaled-object-cools-down",
        description="Every ScaledObject must wait before it removes pods.",
        severity=Severity.MEDIUM,
        section=GuideSection.AUTOSCALING,
        fix=f"Set {WINDOW}, for"
        " example to 300; cooldownPeriod acts only where minReplicaCount or idleReplicaCount is 0.",
        options={"minimum_seconds": integer_option("the shortest time in seconds", 1, minimum=1)},
        tags=("scaling",),
    )

    def check_wait(wait: Property, default: float, least: float) -> Iterator[Finding]:
        if wait.number(default) < least:
            fix = f"set {wait.path.rpartition('.')[2]}, for example to 300"
            yield Violation(wait.path, f"is less than {least:g} s", wait.data, fix)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec, least = resource.inputs["spec"], options["minimum_seconds"]
        scale_down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        window, cooldown = scale_down["stabilizationWindowSeconds"], spec["cooldownPeriod"]
        yield from findings_of(check_wait, window, DEFAULT_WINDOW_SECONDS, least)
        if 0 in (spec["minReplicaCount"].number(), spec["idleReplicaCount"].number(1)):
            yield from findings_of(check_wait, cooldown, DEFAULT_COOLDOWN_SECONDS, least)
        elif not cooldown.absent and scale_down.absent:
            yield Violation(
                cooldown.path,
                f"has no effect while minReplicaCount is 1 or more: the HPA waits {DEFAULT_WINDOW_SECONDS} s",
                cooldown.data,
                f"delete it, or set {WINDOW}",
            )

    return resource_policy(rule, context, is_scaled_object, check)


def nats_trigger_is_complete(context: EvaluationContext) -> Policy:
    """A trigger without these fields cannot read its metric, and the workload never scales."""
    rule = Rule(
        id="nats-trigger-is-complete",
        description=f"Every {NATS} trigger must have all the metadata that the scaler needs.",
        severity=Severity.HIGH,
        section=GuideSection.AUTOSCALING,
        fix=f"Set {', '.join(NATS_FIELDS)} in the metadata of the trigger.",
        options={"fields": text_list_option("the required fields of the metadata", NATS_FIELDS)},
        tags=("scaling",),
    )

    def check_trigger(trigger: Property, fields: list[str]) -> Iterator[Finding]:
        if trigger["type"].text() != NATS:
            return
        metadata = trigger["metadata"]
        metadata.known()
        missing = ", ".join(name for name in fields if metadata[name].blank())
        if missing:
            what = f"the {NATS} trigger has no {missing}"
            yield Violation(metadata.path, what, metadata.data, f"set {missing}")
        for name in fields:
            metadata[name].known()

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for trigger in resource.inputs["spec"]["triggers"].items():
            yield from findings_of(check_trigger, trigger, options["fields"])

    return resource_policy(rule, context, is_scaled_object, check)


def trigger_values_are_text(context: EvaluationContext) -> Policy:
    """The custom resource of KEDA takes only text; the API server rejects a number on deploy."""
    rule = Rule(
        id="trigger-values-are-text",
        description="The values in the metadata of a trigger must be text.",
        severity=Severity.HIGH,
        section=GuideSection.AUTOSCALING,
        fix='Put the value in quotes: "100", not 100.',
        options={
            "types": text_list_option("the types of triggers that are checked; an empty list means all", [])
        },
        tags=("scaling",),
    )

    def check_value(value: Property) -> Iterator[Finding]:
        if not isinstance(value.known(), str | None):
            yield Violation(value.path, "is not text", value.data, "put the value in quotes")

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for trigger in resource.inputs["spec"]["triggers"].items():
            if options["types"] and trigger["type"].text() not in options["types"]:
                continue
            for _, value in trigger["metadata"].entries():
                yield from findings_of(check_value, value)

    return resource_policy(rule, context, is_scaled_object, check)
