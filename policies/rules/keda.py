"""KEDA ScaledObjects: bounded, unhurried, and with all that their triggers need."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.kubernetes_types import is_scaled_object
from policies.rule import Breach, Context, Finding, Options, Resource, Rule, judged, resource_policy
from policies.values import Value

SECTION = "Autoscaling Best Practices"
NATS = "nats-jetstream"
NATS_FIELDS = ("natsServerMonitoringEndpoint", "account", "stream", "consumer")


def scaled_object_is_bounded(context: Context) -> Policy:
    """KEDA's own maximum is 100 replicas, its minimum 0."""
    rule = Rule(
        id="scaled-object-is-bounded",
        description="Give every ScaledObject a maxReplicaCount that is not below its minReplicaCount.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set spec.maxReplicaCount.",
        options={
            "default_minimum": {
                "type": "integer",
                "description": "the minimum where minReplicaCount is absent",
                "default": 0,
            }
        },
        tags=("scaling",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.props["spec"]
        most = spec["maxReplicaCount"]
        if most.absent:
            yield Breach(
                "spec.maxReplicaCount is not set: KEDA scales to 100", most.data, "set maxReplicaCount"
            )
            return
        low, high = spec["minReplicaCount"].number(options["default_minimum"]), most.number()
        if low > high:
            yield Breach(
                "spec.minReplicaCount is above spec.maxReplicaCount",
                f"{low:g} > {high:g}",
                "raise maxReplicaCount or lower minReplicaCount",
            )

    return resource_policy(rule, context, is_scaled_object, check)


def scaled_object_cools_down(context: Context) -> Policy:
    """How long to wait after the last work before scaling down is decided, not left to chance."""
    rule = Rule(
        id="scaled-object-cools-down",
        description="Set the cooldownPeriod of every ScaledObject.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Set spec.cooldownPeriod, for example to 300 seconds.",
        options={
            "minimum_seconds": {
                "type": "integer",
                "minimum": 1,
                "description": "the shortest cooldown in seconds",
                "default": 1,
            }
        },
        tags=("scaling",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        period = resource.props["spec"]["cooldownPeriod"]
        if period.number() < options["minimum_seconds"]:
            yield Breach(
                f"spec.cooldownPeriod is not at least {options['minimum_seconds']:g} seconds",
                period.data,
                "set cooldownPeriod, for example to 300",
            )

    return resource_policy(rule, context, is_scaled_object, check)


def nats_trigger_is_complete(context: Context) -> Policy:
    """Without them the scaler cannot read its metric, and the workload never scales."""
    rule = Rule(
        id="nats-trigger-is-complete",
        description=f"Give every {NATS} trigger all that the scaler needs.",
        severity=Severity.HIGH,
        section=SECTION,
        fix=f"Set {', '.join(NATS_FIELDS)} in the trigger's metadata.",
        options={
            "fields": {
                "type": "array",
                "items": {"type": "string"},
                "description": "what the metadata of the trigger holds",
                "default": list(NATS_FIELDS),
            }
        },
        tags=("scaling",),
    )

    def one(trigger: Value, fields: list[str]) -> Iterator[Finding]:
        if trigger["type"].text() != NATS:
            return
        metadata = trigger["metadata"]
        metadata.known()
        missing = [name for name in fields if metadata[name].blank()]
        if missing:
            yield Breach(
                f"{metadata.path} of the {NATS} trigger lacks {', '.join(missing)}",
                metadata.data,
                f"set {', '.join(missing)}",
            )
        for name in fields:
            metadata[name].known()

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for trigger in resource.props["spec"]["triggers"].items():
            yield from judged(one, trigger, options["fields"])

    return resource_policy(rule, context, is_scaled_object, check)


def trigger_values_are_text(context: Context) -> Policy:
    """KEDA's CRD takes text only; a number is refused on deploy."""
    rule = Rule(
        id="trigger-values-are-text",
        description="Write the values of a trigger's metadata as text.",
        severity=Severity.HIGH,
        section=SECTION,
        fix='Put the value in quotes: "100", not 100.',
        options={
            "types": {
                "type": "array",
                "items": {"type": "string"},
                "description": "the trigger types that are looked at; none means all",
                "default": [],
            }
        },
        tags=("scaling",),
    )

    def one(value: Value) -> Iterator[Finding]:
        if not isinstance(value.known(), str | None):
            yield Breach(f"{value.path} is not text", value.data, "put the value in quotes")

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for trigger in resource.props["spec"]["triggers"].items():
            if options["types"] and trigger["type"].text() not in options["types"]:
                continue
            for _, value in trigger["metadata"].entries():
                yield from judged(one, value)

    return resource_policy(rule, context, is_scaled_object, check)
