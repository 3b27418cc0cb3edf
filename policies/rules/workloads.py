"""Scaling across a stack: each workload has one scaler, not two and not none."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Policy, Severity

from policies.kubernetes_types import is_deployment, is_scaled_object, is_scaler, namespace
from policies.rule import Breach, Context, Located, Options, Resource, Rule, Stack, stack_policy
from policies.values import Open, Value

SECTION = "Autoscaling Best Practices"
DEPLOYMENT = "Deployment"

_KIND = {
    "default_kind": {
        "type": "string",
        "description": "the kind of a scaler's target that names none",
        "default": DEPLOYMENT,
    }
}


def workload_has_one_scaler(context: Context) -> Policy:
    """KEDA's webhook refuses a ScaledObject on a workload that an HPA scales; two HPAs fight."""
    rule = Rule(
        id="workload-has-one-scaler",
        description="Scale each workload with one HPA or one ScaledObject.",
        severity=Severity.CRITICAL,
        section=SECTION,
        fix="Keep one of the scalers; a ScaledObject takes a cpu trigger beside its others.",
        options=_KIND,
        tags=("scaling",),
    )

    def check(stack: Stack, options: Options) -> Iterator[Located]:
        scalers = [(each, Target.of(each, options)) for each in _hpas_first(stack)]
        for index, (scaler, target) in enumerate(scalers):
            same = [(other, target.same(theirs)) for other, theirs in scalers[:index]]
            first = next((other for other, is_same in same if is_same is True), None)
            maybe = next((is_same for _, is_same in same if isinstance(is_same, Open)), None)
            if first:
                yield (
                    scaler,
                    Breach(
                        f"{target} already has the scaler {first.name}",
                        f"{first.name} and {scaler.name}",
                        "delete one of the two; a ScaledObject can have several triggers",
                    ),
                )
            elif maybe:
                yield scaler, maybe

    return stack_policy(rule, context, check)


def workload_is_scaled(context: Context) -> Policy:
    """A fixed number of replicas is paid for day and night."""
    rule = Rule(
        id="workload-is-scaled",
        description="Scale every Deployment with an HPA or a ScaledObject.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Add an HPA or a ScaledObject, or an exemption that says why the workload has a fixed size.",
        options=_KIND,
        tags=("scaling",),
    )

    def check(stack: Stack, options: Options) -> Iterator[Located]:
        targets = [Target.of(each, options) for each in stack.of(is_scaler)]
        for deployment in stack.of(is_deployment):
            name = Value(DEPLOYMENT, "kind"), deployment.props["metadata"]["name"]
            workload = Target(namespace(deployment), *name)
            same = [workload.same(target) for target in targets]
            if True in same:
                continue
            maybe = next((each for each in same if isinstance(each, Open)), None)
            yield (
                deployment,
                maybe
                or Breach(
                    "has neither an HPA nor a ScaledObject",
                    {"replicas": deployment.props["spec"]["replicas"].data},
                    "add a scaler, or an exemption with the reason",
                ),
            )

    return stack_policy(rule, context, check)


@dataclass(frozen=True)
class Target:
    """A workload as a scaler names it."""

    namespace: Value
    kind: Value
    name: Value

    @classmethod
    def of(cls, scaler: Resource, options: Options) -> "Target":
        reference = scaler.props["spec"]["scaleTargetRef"]
        kind = reference["kind"]
        if kind.blank():
            kind = Value(options["default_kind"], kind.path)
        return cls(namespace(scaler), kind, reference["name"])

    def same(self, other: "Target") -> bool | Open:
        """The two are one workload; `Open` where only an unknown value could tell them apart."""
        pairs = list(
            zip(
                (self.namespace, self.kind, self.name), (other.namespace, other.kind, other.name), strict=True
            )
        )
        unknown = [each for pair in pairs for each in pair if each.unknown]
        if any(one.data != two.data for one, two in pairs if not one.unknown and not two.unknown):
            return False
        return Open(" and ".join(dict.fromkeys(each.path for each in unknown))) if unknown else True

    def __str__(self) -> str:
        return f"{self.kind.text()} {self.name.text()} in namespace {self.namespace.text()}"


def _hpas_first(stack: Stack) -> list[Resource]:
    """So that the ScaledObject is the one at fault, as at KEDA's webhook."""
    return sorted(stack.of(is_scaler), key=lambda each: is_scaled_object(each.type))
