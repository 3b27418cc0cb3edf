"""Instance families of previous generations."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option
from teei_finops.aws_limits.generations import (
    CURRENT_DATABASE_FAMILY,
    CURRENT_FAMILY,
    CURRENT_SEARCH_FAMILY,
    PREVIOUS_FAMILIES,
)
from teei_finops.policy_report import Remedy

SEARCH = ("clusterConfig.instanceType", "clusterConfig.dedicatedMasterType")
# The paths of properties with an instance type, or a list of them; for `Property.all_at`.
INSTANCE_TYPES = {
    "aws:autoscaling/group:Group": ("mixedInstancesPolicy.launchTemplate.overrides.instanceType",),
    "aws:batch/computeEnvironment:ComputeEnvironment": ("computeResources.instanceTypes",),
    "aws:dms/replicationInstance:ReplicationInstance": ("replicationInstanceClass",),
    "aws:docdb/clusterInstance:ClusterInstance": ("instanceClass",),
    "aws:ec2/capacityReservation:CapacityReservation": ("instanceType",),
    "aws:ec2/fleet:Fleet": ("launchTemplateConfigs.overrides.instanceType",),
    "aws:ec2/instance:Instance": ("instanceType",),
    "aws:ec2/launchConfiguration:LaunchConfiguration": ("instanceType",),
    "aws:ec2/launchTemplate:LaunchTemplate": ("instanceType",),
    "aws:ec2/spotFleetRequest:SpotFleetRequest": (
        "launchSpecifications.instanceType",
        "launchTemplateConfigs.overrides.instanceType",
    ),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("instanceType",),
    "aws:eks/nodeGroup:NodeGroup": ("instanceTypes",),
    "aws:elasticache/cluster:Cluster": ("nodeType",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("nodeType",),
    "aws:elasticsearch/domain:Domain": SEARCH,
    "aws:emr/cluster:Cluster": (
        "masterInstanceGroup.instanceType",
        "coreInstanceGroup.instanceType",
        "masterInstanceFleet.instanceTypeConfigs.instanceType",
        "coreInstanceFleet.instanceTypeConfigs.instanceType",
    ),
    "aws:emr/instanceGroup:InstanceGroup": ("instanceType",),
    "aws:memorydb/cluster:Cluster": ("nodeType",),
    "aws:mq/broker:Broker": ("hostInstanceType",),
    "aws:neptune/clusterInstance:ClusterInstance": ("instanceClass",),
    "aws:opensearch/domain:Domain": SEARCH,
    "aws:redshift/cluster:Cluster": ("nodeType",),
}
# What services write before or after a type of EC2. The others have no current family with the same sizes.
DATABASE_PREFIXES, OTHER_PREFIXES = ("db.", "cache."), ("dms.", "mq.")
SEARCH_SUFFIXES = (".search", ".elasticsearch")


def family_of(instance_type: str) -> str:
    """The family, such as `m4` of `m4.large`, `db.m4.large` and `m4.large.search`."""
    for prefix in (*DATABASE_PREFIXES, *OTHER_PREFIXES):
        instance_type = instance_type.removeprefix(prefix)
    return instance_type.partition(".")[0]


def to_current_family(instance_type: Property) -> Remedy | None:
    """The same size of the current family; None where there is none for the family."""
    name = instance_type.text()
    if name.startswith(OTHER_PREFIXES):
        return None
    if name.startswith(DATABASE_PREFIXES):
        successors = CURRENT_DATABASE_FAMILY
    elif name.endswith(SEARCH_SUFFIXES):
        successors = CURRENT_SEARCH_FAMILY
    else:
        successors = CURRENT_FAMILY
    family = family_of(name)
    current = successors.get(family)
    return Remedy({instance_type.path: name.replace(family, current, 1)}) if current else None


def instance_is_of_a_current_generation(context: EvaluationContext) -> Policy:
    """RDS has a policy of its own."""
    rule = Rule(
        "previous-generation-instance",
        {"families": text_list_option("families of previous generations", PREVIOUS_FAMILIES)},
    )

    def check_type(instance_type: Property, families: list[str]) -> Iterator[Finding]:
        if family_of(instance_type.text()) in families:
            what = "is of a previous generation"
            remedy = to_current_family(instance_type)
            yield Violation(instance_type.path, what, instance_type.data, "choose a current family", remedy)

    def check_path(resource: Resource, path: str, families: list[str]) -> Iterator[Finding]:
        for instance_type in resource.inputs.all_at(path):
            yield from findings_of(check_type, instance_type, families)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for path in INSTANCE_TYPES[resource.type]:
            yield from findings_of(check_path, resource, path, options["families"])

    return resource_policy(rule, context, INSTANCE_TYPES.__contains__, check)
