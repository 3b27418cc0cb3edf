"""VerticalPodAutoscalers: not on a metric by which an HPA scales the same workload."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.kubernetes_types import is_scaled_object, is_scaler, is_vertical_scaler, namespace
from policies.properties import Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy, text_list_option
from policies.rules.kubernetes.workloads import Workload

RESOURCES = ("cpu", "memory")


def vpa_leaves_the_metric_of_the_hpa(context: EvaluationContext) -> Policy:
    rule = Rule(
        "vpa-leaves-the-metric-of-the-hpa",
        {"recommending_modes": text_list_option("update modes that change no pod", ["Off"])},
    )

    def check_pair(vertical: Resource, scaler: Resource) -> Iterator[Finding]:
        matches = _scaled_by(vertical).matches(Workload.scaled_by(scaler, {"default_kind": "Deployment"}))
        if matches is False:
            return
        shared = sorted(_controlled(vertical.inputs["spec"]) & set(_utilization_metrics(scaler)))
        if shared and isinstance(matches, Undetermined):
            yield matches
        elif shared:
            yield Violation(
                "spec.resourcePolicy",
                f"changes the request of {' and '.join(shared)}, whose utilization {scaler.name} scales by",
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
                    for finding in findings_of(check_pair, vertical, scaler):
                        yield vertical, finding

    return stack_policy(rule, context, check)


def _scaled_by(vertical: Resource) -> Workload:
    reference = vertical.inputs["spec"]["targetRef"]
    return Workload(namespace(vertical), reference["kind"], reference["name"])


def _controlled(spec: Property) -> set[str]:
    """The resources whose requests it changes: all of them unless the policies of containers name some."""
    policies = spec["resourcePolicy"]["containerPolicies"].items()
    if not policies:
        return set(RESOURCES)
    controlled: set[str] = set()
    for policy in policies:
        if policy["mode"].text("Auto") != "Off":
            names = policy["controlledResources"]
            controlled.update(RESOURCES if names.absent else (name.text() for name in names.items()))
    return controlled


def _utilization_metrics(scaler: Resource) -> Iterator[str]:
    """The resources by whose utilization, a percentage of the request, the scaler acts."""
    spec = scaler.inputs["spec"]
    if is_scaled_object(scaler.type):
        for trigger in spec["triggers"].items():
            kind = trigger["metricType"].text(trigger["metadata"]["type"].text("Utilization"))
            if trigger["type"].text() in RESOURCES and kind == "Utilization":
                yield trigger["type"].text()
        return
    if not spec["targetCPUUtilizationPercentage"].absent:
        yield "cpu"
    for metric in spec["metrics"].items():
        for source in ("resource", "containerResource"):
            target = metric[source]["target"]["averageUtilization"]
            if not target.absent:
                yield metric[source]["name"].text()
