"""What scaling needs: the requests of containers, the limits and targets of HPAs."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.kubernetes_types import (
    is_hpa,
    is_limit_range,
    is_scaled_object,
    is_scaler,
    is_workload,
    namespace,
    pod_spec,
)
from policies.properties import UNKNOWN, Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, integer_option, resource_policy, stack_policy, text_list_option
from policies.rules.databases.instances import PRODUCTION
from teei_finops.costing.amounts import Unpriced
from teei_finops.costing.estimators.pods import quantity

LOWEST_TARGET, HIGHEST_TARGET = 40, 85

_PERCENT = {"type": "number", "minimum": 1, "maximum": 100}


def containers_request_resources(context: EvaluationContext) -> Policy:
    rule = Rule(
        "containers-request-resources",
        {"resources": text_list_option("the resources that each container must request", ["cpu", "memory"])},
    )

    def check_container(
        container: Property, shared: list[Property], required: list[str]
    ) -> Iterator[Finding]:
        requests = container["resources"]["requests"]
        sources = [container["resources"], *shared]
        missing = [name for name in required if not any(_requested(source, name) for source in sources)]
        if missing:
            yield Violation(
                requests.path,
                f"container {container['name'].text()} does not request {' and '.join(missing)}",
                requests.data,
                f"set {' and '.join(f'resources.requests.{name}' for name in missing)}",
            )

    def check_workload(
        workload: Resource, limit_ranges: list[Resource], required: list[str]
    ) -> Iterator[Finding]:
        pod = pod_spec(workload)
        shared = [pod["resources"], *_defaults(workload, limit_ranges)]
        sidecars = [
            container
            for container in pod["initContainers"].items()
            if container["restartPolicy"].data == "Always"
        ]
        for container in [*pod["containers"].items(), *sidecars]:
            yield from findings_of(check_container, container, shared, required)

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        limit_ranges = stack.resources(is_limit_range)
        for workload in stack.resources(is_workload):
            for finding in findings_of(check_workload, workload, limit_ranges, options["resources"]):
                yield workload, finding

    return stack_policy(rule, context, check)


def _defaults(workload: Resource, limit_ranges: list[Resource]) -> Iterator[Property]:
    """The resources that LimitRanges of the namespace give containers without their own; unknown where the
    namespace is:
    https://kubernetes.io/docs/concepts/policy/limit-range/, 2026-11.
    """
    own = namespace(workload)
    for limit_range in limit_ranges:
        other = namespace(limit_range)
        if own.unknown or other.unknown:
            yield Property(UNKNOWN, (own if own.unknown else other).path)
        elif own.text() == other.text():
            for limit in limit_range.inputs["spec"]["limits"].items():
                if limit["type"].text() == "Container":
                    defaults = {"requests": limit["defaultRequest"].data, "limits": limit["default"].data}
                    yield Property(defaults, limit.path)


def _requested(resources: Property, name: str) -> bool:
    """A container, or the pod for all of its containers, requests some of a resource.

    The API server takes the limit as the request where there is only a limit:
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/, 2026-11.
    """
    request = resources["requests"][name]
    amount = resources["limits"][name] if request.blank() else request
    if amount.known() is None or amount.blank():
        return False
    try:
        return quantity(amount.data, amount.path) > 0
    except Unpriced:
        raise Undetermined(amount.path, f"is {amount.data!r}, not a quantity") from None


def hpa_range_is_valid(context: EvaluationContext) -> Policy:
    rule = Rule(
        "hpa-range-is-valid",
        {"default_minimum": integer_option("the minimum where minReplicas is absent", 1)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.inputs["spec"]
        low = spec["minReplicas"].number(options["default_minimum"])
        high = spec["maxReplicas"].number(low)
        if low > high:
            yield Violation(
                spec["minReplicas"].path,
                "is above spec.maxReplicas",
                f"{low:g} > {high:g}",
                "raise maxReplicas or lower minReplicas",
            )

    return resource_policy(rule, context, is_hpa, check)


def hpa_has_two_replicas_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule(
        "hpa-has-two-replicas-in-prod",
        {
            "minimum": integer_option("the lowest minReplicas in production", 2, minimum=1),
            "environments": text_list_option(
                "the production environments, by the stack's config", PRODUCTION
            ),
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if context.stack_context.environment not in options["environments"]:
            return
        low = resource.inputs["spec"]["minReplicas"]
        if low.number(1) < options["minimum"]:
            yield Violation(
                low.path,
                f"is below {options['minimum']:g} in {context.stack_context.environment}",
                low.data,
                f"set minReplicas to {options['minimum']:g} or more",
            )

    return resource_policy(rule, context, is_hpa, check)


def scaler_target_is_sensible(context: EvaluationContext) -> Policy:
    """Checks the utilization targets of HPAs and of KEDA's cpu triggers."""
    rule = Rule(
        "scaler-target-is-sensible",
        {
            "lowest": {**_PERCENT, "description": "the lowest target in percent", "default": LOWEST_TARGET},
            "highest": {
                **_PERCENT,
                "description": "the highest target in percent",
                "default": HIGHEST_TARGET,
            },
        },
    )

    def check_target(target: Property, options: Options) -> Iterator[Finding]:
        low, high = options["lowest"], options["highest"]
        if not target.absent and not low <= target.number(low) <= high:
            yield Violation(
                target.path,
                f"is outside {low:g} to {high:g} %",
                target.data,
                f"choose a target between {low:g} and {high:g}",
            )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        targets_of = _keda_targets if is_scaled_object(resource.type) else _hpa_targets
        for target in targets_of(resource.inputs["spec"]):
            yield from findings_of(check_target, target, options)

    return resource_policy(rule, context, is_scaler, check)


def _hpa_targets(spec: Property) -> Iterator[Property]:
    yield spec["targetCPUUtilizationPercentage"]
    for metric in spec["metrics"].items():
        for source in ("resource", "containerResource"):
            yield metric[source]["target"]["averageUtilization"]
            yield metric[source]["targetAverageUtilization"]


def _keda_targets(spec: Property) -> Iterator[Property]:
    for trigger in spec["triggers"].items():
        older = trigger["metadata"]["type"]
        metric_type = trigger["metricType"] if older.absent else older
        if trigger["type"].text() == "cpu" and metric_type.text("Utilization") == "Utilization":
            yield trigger["metadata"]["value"]
