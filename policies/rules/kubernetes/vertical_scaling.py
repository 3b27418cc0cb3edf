"""VerticalPodAutoscalers: not on a metric by which an HPA scales the same workload."""

from collections.abc import Collection, Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.kubernetes_types import (
    is_scaled_object,
    is_scaler,
    is_vertical_scaler,
    is_workload,
    pod_spec,
)
from policies.properties import Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy, text_list_option
from policies.rules.kubernetes.workloads import Workload

RESOURCES = ("cpu", "memory")
EVERY = "*"  # the containers that no policy names


def vpa_leaves_the_metric_of_the_hpa(context: EvaluationContext) -> Policy:
    rule = Rule(
        "vpa-leaves-the-metric-of-the-hpa",
        {"recommending_modes": text_list_option("update modes that change no pod", ["Off"])},
    )

    def check_pair(stack: Stack, vertical: Resource, scaler: Resource) -> Iterator[Finding]:
        scaled = Workload.scaled_by(stack, scaler)
        matches = Workload.scaled_by(stack, vertical, key="targetRef").matches(scaled)
        if matches is False:
            return
        policies = vertical.inputs["spec"]["resourcePolicy"]["containerPolicies"].items()
        containers = _containers(stack, scaled) or [policy["containerName"].text() for policy in policies]
        shared = {
            metric
            for metric, container in _utilization_metrics(scaler)
            for name in ([container] if container else containers or [EVERY])
            if metric in _controlled(policies, name)
        }
        if shared and isinstance(matches, Undetermined):
            yield matches
        elif shared:
            names = " and ".join(sorted(shared))
            yield Violation(
                "spec.resourcePolicy",
                f"changes the request of {names}, whose utilization {scaler.name} scales by",
                vertical.inputs["spec"]["updatePolicy"].data,
                "set updateMode to Off, or controlledResources to other resources",
            )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for vertical in stack.resources(is_vertical_scaler):
            mode = vertical.inputs["spec"]["updatePolicy"]["updateMode"]
            if mode.unknown:
                yield vertical, Undetermined(mode.path)
            elif mode.text("Auto") not in options["recommending_modes"]:
                for scaler in stack.resources(is_scaler):
                    for finding in findings_of(check_pair, stack, vertical, scaler):
                        yield vertical, finding

    return stack_policy(rule, context, check)


def _containers(stack: Stack, scaled: Workload) -> list[str]:
    """The names of the workload's containers; none where the workload is not in the stack."""
    workloads = (
        workload for workload in stack.resources(is_workload) if Workload.of(workload).matches(scaled) is True
    )
    return [
        container["name"].text()
        for workload in workloads
        for container in pod_spec(workload)["containers"].items()
    ]


def _controlled(policies: list[Property], container: str) -> Collection[str]:
    """The resources of a container whose requests the VPA changes: all unless a policy says otherwise."""
    by_name = {policy["containerName"].text(): policy for policy in policies}
    policy = by_name.get(container, by_name.get(EVERY))
    if policy is None:
        return RESOURCES
    if policy["mode"].text("Auto") == "Off":
        return ()
    names = policy["controlledResources"]
    return RESOURCES if names.absent else [name.text() for name in names.items()]


def _utilization_metrics(scaler: Resource) -> Iterator[tuple[str, str]]:
    """The resources by whose utilization, a percentage of the request, the scaler acts.

    Each with the container whose utilization that is, blank for all containers.
    """
    spec = scaler.inputs["spec"]
    if is_scaled_object(scaler.type):
        for trigger in spec["triggers"].items():
            metadata = trigger["metadata"]
            kind = trigger["metricType"].text(metadata["type"].text("Utilization"))
            if trigger["type"].text() in RESOURCES and kind == "Utilization":
                yield trigger["type"].text(), metadata["containerName"].text()
        return
    if not spec["targetCPUUtilizationPercentage"].absent:
        yield "cpu", ""
    for metric in spec["metrics"].items():
        for source in ("resource", "containerResource"):
            target = metric[source]["target"]["averageUtilization"]
            if not target.absent:
                yield metric[source]["name"].text(), metric[source]["container"].text()
