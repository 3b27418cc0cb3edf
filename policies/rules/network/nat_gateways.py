"""NAT gateways: one for each zone is for production, and costs that much more."""

from collections import defaultdict
from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import ResourceFinding, Violation
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, integer_option, stack_policy
from policies.rules.databases.instances import ENVIRONMENTS_OPTION, in_environment
from policies.rules.monthly_prices import monthly_usd

NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
SUBNET = "aws:ec2/subnet:Subnet"


def one_nat_gateway_outside_prod(context: EvaluationContext) -> Policy:
    rule = Rule(
        "one-nat-gateway-outside-prod",
        {
            **ENVIRONMENTS_OPTION,
            "maximum": integer_option("the most NAT gateways of a VPC outside production", 1, minimum=0),
        },
    )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for gateways in _gateways_by_vpc(stack):
            most = options["maximum"]
            if len(gateways) > most and not in_environment(context, gateways[-1], options):
                fix = f"keep {most:g} and route all private subnets through it"
                yield gateways[-1], _violation(context, gateways, fix)

    return stack_policy(rule, context, check)


def nat_gateways_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule(
        "nat-gateways-in-prod",
        {
            **ENVIRONMENTS_OPTION,
            "maximum": integer_option("the NAT gateways of a VPC that are not reported", 1, minimum=1),
        },
    )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for gateways in _gateways_by_vpc(stack):
            if len(gateways) > options["maximum"] and in_environment(context, gateways[-1], options):
                fix = "keep them if the workload must survive the failure of a zone; else keep one"
                yield gateways[-1], _violation(context, gateways, fix)

    return stack_policy(rule, context, check)


def _violation(context: EvaluationContext, gateways: list[Resource], fix: str) -> Violation:
    price = monthly_usd(context, gateways[-1], "AmazonEC2", "nat-gateway", "hour")
    what = f"the VPC has {len(gateways)} NAT gateways"
    if price is not None:
        what += f" for ${price * len(gateways):,.2f} a month; one costs ${price:,.2f}, both before traffic"
    return Violation("", what, [gateway.name for gateway in gateways], fix)


def _gateways_by_vpc(stack: Stack) -> list[list[Resource]]:
    """The public NAT gateways of each VPC; gateways whose VPC is not in the stack count as of one VPC."""
    vpcs: dict[str, str] = {}
    for subnet in stack.resources(SUBNET.__eq__):
        known = subnet.inputs["vpcId"].data
        vpc = known if isinstance(known, str) else "".join(subnet.dependencies.get("vpcId", ()))
        identifier = subnet.outputs["id"].data
        vpcs[subnet.urn] = vpc
        if isinstance(identifier, str):
            vpcs[identifier] = vpc
    by_vpc: dict[str, list[Resource]] = defaultdict(list)
    for gateway in stack.resources(NAT_GATEWAY.__eq__):
        if gateway.inputs["connectivityType"].data in (None, "public"):
            subnet = gateway.inputs["subnetId"].data
            keys = (subnet, *gateway.dependencies.get("subnetId", ()))
            vpc = next((vpcs[key] for key in keys if isinstance(key, str) and key in vpcs), "")
            by_vpc[vpc].append(gateway)
    return list(by_vpc.values())
