"""Instance families of previous generations."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option
from teei_finops.aws_limits.generations import CURRENT_DATABASE_FAMILY, CURRENT_FAMILY, PREVIOUS_FAMILIES
from teei_finops.policy_report import Remedy

# The properties with an instance type, or a list of them, and the prefix of the service.
INSTANCE_TYPES = {
    "aws:ec2/instance:Instance": ("instanceType", ""),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("instanceType", ""),
    "aws:ec2/launchTemplate:LaunchTemplate": ("instanceType", ""),
    "aws:ec2/launchConfiguration:LaunchConfiguration": ("instanceType", ""),
    "aws:eks/nodeGroup:NodeGroup": ("instanceTypes", ""),
    "aws:elasticache/cluster:Cluster": ("nodeType", "cache."),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("nodeType", "cache."),
    "aws:memorydb/cluster:Cluster": ("nodeType", "db."),
    "aws:docdb/clusterInstance:ClusterInstance": ("instanceClass", "db."),
    "aws:neptune/clusterInstance:ClusterInstance": ("instanceClass", "db."),
    "aws:redshift/cluster:Cluster": ("nodeType", ""),
}


def to_current_family(instance_type: Property, prefix: str) -> Remedy | None:
    """The same size of the current family; None where there is none for the family."""
    family, _, size = instance_type.text().removeprefix(prefix).partition(".")
    current = (CURRENT_DATABASE_FAMILY if prefix else CURRENT_FAMILY).get(family)
    return Remedy({instance_type.path: f"{prefix}{current}.{size}"}) if current else None


def instance_is_of_a_current_generation(context: EvaluationContext) -> Policy:
    """RDS has a policy of its own."""
    rule = Rule(
        "previous-generation-instance",
        {"families": text_list_option("families of previous generations", PREVIOUS_FAMILIES)},
    )

    def check_type(instance_type: Property, prefix: str, families: list[str]) -> Iterator[Finding]:
        if instance_type.text().removeprefix(prefix).partition(".")[0] in families:
            what = "is of a previous generation"
            remedy = to_current_family(instance_type, prefix)
            yield Violation(instance_type.path, what, instance_type.data, "choose a current family", remedy)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        key, prefix = INSTANCE_TYPES[resource.type]
        for instance_type in resource.inputs[key].items():
            yield from findings_of(check_type, instance_type, prefix, options["families"])

    return resource_policy(rule, context, INSTANCE_TYPES.__contains__, check)
