"""Scaling of single objects: what containers request, and the limits of HPAs."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.kubernetes_types import is_deployment, is_hpa, is_scaled_object, is_scaler
from policies.rule import Breach, Context, Finding, Options, Resource, Rule, judged, resource_policy
from policies.values import Value

SECTION = "Autoscaling Best Practices"
LOWEST_TARGET, HIGHEST_TARGET = 40, 85

_PERCENT = {"type": "number", "minimum": 1, "maximum": 100}


def containers_request_resources(context: Context) -> Policy:
    """Without requests the scheduler packs blindly and utilisation has no meaning."""
    rule = Rule(
        id="containers-request-resources",
        description="Let every container of a Deployment request cpu and memory.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set resources.requests of each container.",
        options={
            "resources": {
                "type": "array",
                "items": {"type": "string"},
                "description": "what each container requests",
                "default": ["cpu", "memory"],
            }
        },
        tags=("scaling",),
    )

    def one(container: Value, wanted: list[str]) -> Iterator[Finding]:
        requests = container["resources"]["requests"]
        requests.known()
        missing = [name for name in wanted if requests[name].blank()]
        if missing:
            yield Breach(
                f"container {container['name'].text()} does not request {' and '.join(missing)}",
                requests.data,
                f"set {' and '.join(f'resources.requests.{name}' for name in missing)}",
            )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        pod = resource.props["spec"]["template"]["spec"]
        sidecars = [each for each in pod["initContainers"].items() if each["restartPolicy"].data == "Always"]
        for container in [*pod["containers"].items(), *sidecars]:
            yield from judged(one, container, options["resources"])

    return resource_policy(rule, context, is_deployment, check)


def hpa_range_is_valid(context: Context) -> Policy:
    """The API server refuses it, but only on deploy."""
    rule = Rule(
        id="hpa-range-is-valid",
        description="Let the minimum of an HPA be no more than its maximum.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Raise maxReplicas or lower minReplicas.",
        options={
            "default_minimum": {
                "type": "integer",
                "description": "the minimum where minReplicas is absent",
                "default": 1,
            }
        },
        tags=("scaling",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.props["spec"]
        low = spec["minReplicas"].number(options["default_minimum"])
        high = spec["maxReplicas"].number(low)
        if low > high:
            yield Breach(
                "spec.minReplicas is above spec.maxReplicas",
                f"{low:g} > {high:g}",
                "raise maxReplicas or lower minReplicas",
            )

    return resource_policy(rule, context, is_hpa, check)


def hpa_has_two_replicas_in_prod(context: Context) -> Policy:
    """One replica means an outage with every node that is replaced; an absent minimum is 1."""
    rule = Rule(
        id="hpa-has-two-replicas-in-prod",
        description="Let HPAs of production keep at least two replicas.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set minReplicas to 2 or more.",
        options={
            "minimum": {
                "type": "integer",
                "minimum": 1,
                "description": "the least minReplicas in production",
                "default": 2,
            },
            "environments": {
                "type": "array",
                "items": {"type": "string"},
                "description": "the environments that count as production, by the stack's config",
                "default": ["prod"],
            },
        },
        tags=("scaling",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if context.facts.environment not in options["environments"]:
            return
        low = resource.props["spec"]["minReplicas"]
        if low.number(1) < options["minimum"]:
            yield Breach(
                f"spec.minReplicas is below {options['minimum']:g} in {context.facts.environment}",
                low.data,
                f"set minReplicas to {options['minimum']:g} or more",
            )

    return resource_policy(rule, context, is_hpa, check)


def scaler_target_is_sensible(context: Context) -> Policy:
    """The utilisation targets of HPAs and of KEDA's cpu trigger."""
    rule = Rule(
        id="scaler-target-is-sensible",
        description=f"Scale at a utilisation between {LOWEST_TARGET} % and {HIGHEST_TARGET} %.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Choose 60 to 70 %. Below 40 % half the money is wasted; above 85 % new replicas come too late.",
        options={
            "lowest": {**_PERCENT, "description": "the lowest target in percent", "default": LOWEST_TARGET},
            "highest": {
                **_PERCENT,
                "description": "the highest target in percent",
                "default": HIGHEST_TARGET,
            },
        },
        tags=("scaling",),
    )

    def one(target: Value, options: Options) -> Iterator[Finding]:
        low, high = options["lowest"], options["highest"]
        if not target.absent and not low <= target.number(low) <= high:
            yield Breach(
                f"{target.path} is outside {low:g} to {high:g} %",
                target.data,
                f"choose a target between {low:g} and {high:g}",
            )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        targets = _keda_targets if is_scaled_object(resource.type) else _hpa_targets
        for target in targets(resource.props["spec"]):
            yield from judged(one, target, options)

    return resource_policy(rule, context, is_scaler, check)


def _hpa_targets(spec: Value) -> Iterator[Value]:
    yield spec["targetCPUUtilizationPercentage"]
    for metric in spec["metrics"].items():
        for source in ("resource", "containerResource"):
            yield metric[source]["target"]["averageUtilization"]
            yield metric[source]["targetAverageUtilization"]


def _keda_targets(spec: Value) -> Iterator[Value]:
    for trigger in spec["triggers"].items():
        kind = trigger["metricType"] if trigger["metadata"]["type"].absent else trigger["metadata"]["type"]
        if trigger["type"].text() == "cpu" and kind.text("Utilization") == "Utilization":
            yield trigger["metadata"]["value"]
