"""Elastic IP addresses that nothing uses."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy, text_list_option
from policies.rules.references import is_used
from teei_finops.policy_report import Remedy

ADDRESS = "aws:ec2/eip:Eip"
# The types that use an address, and the properties in which they name it.
USERS = {
    "aws:ec2/eipAssociation:EipAssociation": ("allocationId", "publicIp"),
    "aws:ec2/natGateway:NatGateway": ("allocationId", "secondaryAllocationIds", "availabilityZoneAddresses"),
    "aws:ec2/natGatewayEipAssociation:NatGatewayEipAssociation": ("allocationId",),
    "aws:lb/loadBalancer:LoadBalancer": ("subnetMappings",),
    "aws:alb/loadBalancer:LoadBalancer": ("subnetMappings",),
    "aws:transfer/server:Server": ("endpointDetails.addressAllocationIds",),
    "aws:redshift/cluster:Cluster": ("elasticIp",),
    "kubernetes:core/v1:Service": ("metadata",),
    "kubernetes:networking.k8s.io/v1:Ingress": ("metadata",),
}


# Addresses from pools, which AWS does not bill one by one: https://aws.amazon.com/vpc/pricing/, 2026-11.
POOLS = ("publicIpv4Pool", "customerOwnedIpv4Pool", "ipamPoolId")
AMAZON = "amazon"


def address_is_associated(context: EvaluationContext) -> Policy:
    rule = Rule(
        "unassociated-address",
        {
            "ignored_tags": text_list_option("tags of addresses that another stack associates", []),
        },
    )

    def check_address(stack: Stack, address: Resource, ignored: list[str]) -> Iterator[Finding]:
        own = [address.inputs[key] for key in ("instance", "networkInterface")]
        tags = {} if address.inputs["tags"].unknown else dict(address.inputs["tags"].entries())
        if any(not value.blank() for value in own) or any(tag in tags for tag in ignored):
            return
        if any(address.inputs[pool].data not in (None, AMAZON) for pool in POOLS):
            return
        if not is_used(stack, address, USERS, ("id", "allocationId", "publicIp")):
            what = "no resource of the stack uses the address"
            yield Violation("", what, None, "associate or release it", Remedy(deletes=True))

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for address in stack.resources(ADDRESS.__eq__):
            for finding in findings_of(check_address, stack, address, options["ignored_tags"]):
                yield address, finding

    return stack_policy(rule, context, check)
