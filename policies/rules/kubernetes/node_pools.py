"""Karpenter node pools: a limit on what they may start, and the removal of nodes that pods no longer need."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.kubernetes_types import is_node_pool
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option

CONSOLIDATING = ("WhenEmptyOrUnderutilized", "WhenUnderutilized")
NEVER = "Never"


def node_pool_is_limited(context: EvaluationContext) -> Policy:
    rule = Rule(
        "node-pool-is-limited",
        {"resources": text_list_option("the resources of which one must have a limit", ["cpu", "nodes"])},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        limits = resource.inputs["spec"]["limits"]
        limits.known()
        names = options["resources"]
        if all(limits[name].blank() for name in names):
            text = " or ".join(names)
            yield Violation(limits.path, f"does not limit {text}", limits.data, f"set a limit of {text}")

    return resource_policy(rule, context, is_node_pool, check)


def node_pool_consolidates(context: EvaluationContext) -> Policy:
    rule = Rule(
        "node-pool-consolidates",
        {"consolidation_policies": text_list_option("the allowed consolidationPolicy", CONSOLIDATING)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        disruption = resource.inputs["spec"]["disruption"]
        policy, after = disruption["consolidationPolicy"], disruption["consolidateAfter"]
        allowed = options["consolidation_policies"]
        if policy.text(CONSOLIDATING[0]) not in allowed:
            yield Violation(policy.path, "removes only empty nodes", policy.data, f"set it to {allowed[0]}")
        if after.text() == NEVER:
            yield Violation(after.path, "removes no node", after.data, "set a duration such as 5m")

    return resource_policy(rule, context, is_node_pool, check)
