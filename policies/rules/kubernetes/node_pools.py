"""Karpenter node pools: a limit on what they may start, and the removal of nodes that pods no longer need."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.kubernetes_types import is_node_pool
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option

DEFAULT = "WhenEmptyOrUnderutilized"
CONSOLIDATING = (DEFAULT, "WhenUnderutilized")
NEVER = "Never"
UNDERUTILIZED = "Underutilized"  # the reason of a disruption budget
LIMITED = ("cpu", "memory", "nodes")


def node_pool_is_limited(context: EvaluationContext) -> Policy:
    rule = Rule(
        "node-pool-is-limited",
        {"resources": text_list_option("the resources of which one must have a limit", LIMITED)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.inputs["spec"]
        limits = spec["limits"]
        limits.known()
        names = options["resources"]
        if not _is_static(spec) and all(limits[name].blank() for name in names):
            text = " or ".join(names)
            yield Violation(limits.path, f"does not limit {text}", limits.data, f"set a limit of {text}")

    return resource_policy(rule, context, is_node_pool, check)


def node_pool_consolidates(context: EvaluationContext) -> Policy:
    rule = Rule(
        "node-pool-consolidates",
        {"consolidation_policies": text_list_option("the allowed consolidationPolicy", CONSOLIDATING)},
    )

    def check_budget(budget: Property) -> Iterator[Finding]:
        reasons = [reason.text() for reason in budget["reasons"].items()]
        blocks = not reasons or UNDERUTILIZED in reasons
        if blocks and budget["schedule"].absent and budget["nodes"].text() in ("0", "0%"):
            nodes = budget["nodes"]
            yield Violation(nodes.path, "never lets a node be removed", nodes.data, "add a schedule to it")

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        spec = resource.inputs["spec"]
        if _is_static(spec):
            return
        disruption = spec["disruption"]
        policy, after = disruption["consolidationPolicy"], disruption["consolidateAfter"]
        allowed = options["consolidation_policies"]
        if policy.text(DEFAULT) not in allowed:
            fix = f"set it to {' or '.join(allowed)}"
            yield Violation(policy.path, "removes only empty nodes", policy.data, fix)
        if after.text() == NEVER:
            yield Violation(after.path, "removes no node", after.data, "set a duration such as 5m")
        for budget in disruption["budgets"].items():
            yield from findings_of(check_budget, budget)

    return resource_policy(rule, context, is_node_pool, check)


def _is_static(spec: Property) -> bool:
    """It keeps a fixed number of nodes, which Karpenter does not consolidate.

    https://docs.aws.amazon.com/eks/latest/userguide/auto-static-capacity.html, 2026-11.
    """
    return not spec["replicas"].absent
