"""Workloads: each has exactly one scaler, and a disruption budget never blocks a drain."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation
from policies.kubernetes_types import (
    is_deployment,
    is_disruption_budget,
    is_scaled_object,
    is_scaler,
    is_workload,
    namespace,
)
from policies.properties import Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, resource_policy, stack_policy, text_list_option

DEPLOYMENT = "Deployment"

_KIND_OPTION = {
    "default_kind": {
        "type": "string",
        "description": "the kind of the scale target where it is absent",
        "default": DEPLOYMENT,
    }
}


def workload_has_one_scaler(context: EvaluationContext) -> Policy:
    rule = Rule("workload-has-one-scaler", _KIND_OPTION)

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        scalers = [
            (scaler, Workload.scaled_by(stack, scaler, options["default_kind"]))
            for scaler in _hpas_first(stack)
        ]
        for index, (scaler, workload) in enumerate(scalers):
            matches = [(other, workload.matches(theirs)) for other, theirs in scalers[:index]]
            first = next((other for other, match in matches if match is True), None)
            undetermined = next((match for _, match in matches if isinstance(match, Undetermined)), None)
            if first:
                yield (
                    scaler,
                    Violation(
                        "spec.scaleTargetRef",
                        f"{workload} already has the scaler {first.name}",
                        f"{first.name} and {scaler.name}",
                        "delete one of the two; a ScaledObject can have several triggers",
                    ),
                )
            elif undetermined:
                yield scaler, undetermined

    return stack_policy(rule, context, check)


def workload_is_scaled(context: EvaluationContext) -> Policy:
    rule = Rule("workload-is-scaled", _KIND_OPTION)

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        kind = options["default_kind"]
        scaled = [Workload.scaled_by(stack, scaler, kind) for scaler in stack.resources(is_scaler)]
        for deployment in stack.resources(is_deployment):
            matches = [Workload.of(deployment).matches(other) for other in scaled]
            if True in matches:
                continue
            undetermined = next((match for match in matches if isinstance(match, Undetermined)), None)
            yield (
                deployment,
                undetermined
                or Violation(
                    "",
                    "has neither an HPA nor a ScaledObject",
                    {"replicas": deployment.inputs["spec"]["replicas"].data},
                    "add a scaler, or an exemption with the reason",
                ),
            )

    return stack_policy(rule, context, check)


def disruption_budget_allows_drains(context: EvaluationContext) -> Policy:
    rule = Rule(
        "disruption-budget-allows-drains",
        {"eviction_policies": text_list_option("the allowed unhealthyPodEvictionPolicy", ["AlwaysAllow"])},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.inputs["spec"]
        eviction = spec["unhealthyPodEvictionPolicy"]
        if eviction.text("IfHealthyBudget") not in options["eviction_policies"]:
            fix = f"set it to {' or '.join(options['eviction_policies'])}"
            yield Violation(eviction.path, "keeps pods that are not ready", eviction.data, fix)
        for limit, blocking in (("maxUnavailable", ("0", "0.0", "0%")), ("minAvailable", ("100%",))):
            if spec[limit].text() in blocking:
                yield Violation(spec[limit].path, "allows no disruption", spec[limit].data, "allow one pod")

    return resource_policy(rule, context, is_disruption_budget, check)


@dataclass(frozen=True)
class Workload:
    """A workload as a scaler refers to it; `urn` is blank where the resource of the stack is not known."""

    namespace: Property
    kind: Property
    name: Property
    urn: str = ""

    @classmethod
    def of(cls, resource: Resource) -> "Workload":
        kind = resource.type.rpartition(":")[2]
        metadata = resource.inputs["metadata"]
        return cls(namespace(resource), Property(kind, "kind"), metadata["name"], resource.urn)

    @classmethod
    def scaled_by(
        cls, stack: Stack, scaler: Resource, default_kind: str = DEPLOYMENT, key: str = "scaleTargetRef"
    ) -> "Workload":
        """The target of a scaler. The engine tracks from which resource an unknown name comes."""
        reference = scaler.inputs["spec"][key]
        kind, name, urn = reference["kind"], reference["name"], ""
        if kind.blank():
            kind = Property(default_kind, kind.path)
        if name.unknown:
            urns = [
                workload.urn
                for workload in stack.resources(is_workload)
                if workload.urn in scaler.dependencies.get("spec", ())
                and workload.type.rpartition(":")[2] == kind.data
            ]
            urn = urns.pop() if len(urns) == 1 else ""
        return cls(namespace(scaler), kind, name, urn)

    def matches(self, other: "Workload") -> bool | Undetermined:
        """The two are the same workload; `Undetermined` where that depends on an unknown value."""
        if self.urn and other.urn:
            return self.urn == other.urn
        pairs = [
            (self.namespace, other.namespace),
            (self.kind, other.kind),
            (self.name, other.name),
        ]
        if any(ours.data != theirs.data for ours, theirs in pairs if not ours.unknown and not theirs.unknown):
            return False
        unknown = dict.fromkeys(value.path for pair in pairs for value in pair if value.unknown)
        return Undetermined(" and ".join(unknown)) if unknown else True

    def __str__(self) -> str:
        name = self.urn.rpartition("::")[2] if self.name.unknown else self.name.text()
        place = "" if self.namespace.unknown else f" in namespace {self.namespace.text()}"
        return f"{self.kind.text()} {name}{place}"


def _hpas_first(stack: Stack) -> list[Resource]:
    """So that a ScaledObject is the one in violation, which is the one that KEDA's webhook rejects."""
    return sorted(stack.resources(is_scaler), key=lambda scaler: is_scaled_object(scaler.type))
