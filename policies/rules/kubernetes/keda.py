"""KEDA ScaledObjects: limits, a wait before scaling down, and complete triggers."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.kubernetes_types import is_scaled_object
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, integer_option, resource_policy, text_list_option

# Of an HPA; https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/, 2026-11.
DEFAULT_WINDOW_SECONDS = 300
WINDOW = "advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds"
# Of KEDA; https://keda.sh/docs/latest/reference/scaledobject-spec/#cooldownperiod, 2026-11.
DEFAULT_COOLDOWN_SECONDS = 300
NATS = "nats-jetstream"
NATS_FIELDS = ("natsServerMonitoringEndpoint", "account", "stream", "consumer")


def scaled_object_is_bounded(context: EvaluationContext) -> Policy:
    rule = Rule(
        "scaled-object-is-bounded",
        {"default_minimum": integer_option("the minimum where minReplicaCount is absent", 0)},
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
    rule = Rule(
        "scaled-object-cools-down",
        {"minimum_seconds": integer_option("the shortest time in seconds", 1, minimum=1)},
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
    rule = Rule(
        "nats-trigger-is-complete",
        {"fields": text_list_option("the required fields of the metadata", NATS_FIELDS)},
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
    rule = Rule(
        "trigger-values-are-text",
        {"types": text_list_option("the types of triggers that are checked; an empty list means all", [])},
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
