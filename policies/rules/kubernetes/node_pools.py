"""Karpenter node pools: a limit on what they may start, and the removal of nodes that pods no longer need."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.kubernetes_types import is_node_pool
from policies.resources import Resource
from policies.rule import GuideSection, Options, Rule, resource_policy, text_list_option

CONSOLIDATING = ("WhenEmptyOrUnderutilized", "WhenUnderutilized")
NEVER = "Never"


def node_pool_is_limited(context: EvaluationContext) -> Policy:
    """Without limits a node pool starts a node for every pending pod, up to the quota of the account.

    Source: https://karpenter.sh/docs/concepts/nodepools/#speclimits, 2026-11.
    """
    rule = Rule(
        id="node-pool-is-limited",
        description="Every Karpenter NodePool must limit the resources that it may start.",
        severity=Severity.HIGH,
        section=GuideSection.AUTOSCALING,
        fix="Set spec.limits.cpu to the vCPUs that the node pool may use at most.",
        options={
            "resources": text_list_option("the resources of which one must have a limit", ["cpu", "nodes"])
        },
        tags=("scaling",),
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
    """WhenEmpty keeps a node for a single small pod; Never, as consolidateAfter, keeps empty nodes, too.

    The default consolidates. Source: https://karpenter.sh/docs/concepts/disruption/#consolidation, 2026-11.
    """
    rule = Rule(
        id="node-pool-consolidates",
        description="A Karpenter NodePool should remove and replace nodes that are not fully used.",
        severity=Severity.MEDIUM,
        section=GuideSection.AUTOSCALING,
        fix="Set spec.disruption.consolidationPolicy to WhenEmptyOrUnderutilized, and consolidateAfter to a"
        " duration such as 5m; limit the disruption with spec.disruption.budgets.",
        options={
            "consolidation_policies": text_list_option("the allowed consolidationPolicy", CONSOLIDATING)
        },
        advisory=True,
        tags=("scaling",),
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
