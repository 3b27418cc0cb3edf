"""NAT gateways: one for each zone is for production, and costs that much more."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation
from policies.properties import Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, integer_option, stack_policy
from policies.rules.databases.instances import ENVIRONMENTS_OPTION, environment_of, in_environment
from policies.rules.monthly_prices import monthly_usd, region_of
from teei_finops.policy_report import Remedy

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
        for vpc, gateways in gateways_by_vpc(context, stack).items():
            most, last = options["maximum"], gateways[-1]
            environment = environment_of(context, last)
            if len(gateways) > most and environment not in ("", *options["environments"]):
                fix = f"keep {most:g} and route all private subnets through it"
                yield last, _finding(context, vpc, gateways, int(most), fix)

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
        for vpc, gateways in gateways_by_vpc(context, stack).items():
            last = gateways[-1]
            if len(gateways) > options["maximum"] and in_environment(context, last, options):
                fix = "keep them if the workload must survive the failure of a zone; else keep one"
                yield last, _finding(context, vpc, gateways, 1, fix)

    return stack_policy(rule, context, check)


class Vpc(NamedTuple):
    """A VPC of a Region; `name` is its id or URN, blank where the stack does not tell it."""

    region: str | None
    name: str


def _finding(context: EvaluationContext, vpc: Vpc, gateways: list[Resource], kept: int, fix: str) -> Finding:
    if not vpc.name:
        return Undetermined("subnetId", "is in a VPC that is not in the stack")
    price = monthly_usd(context, gateways[0], "AmazonEC2", "nat-gateway", "hour")
    what = f"the VPC has {len(gateways)} NAT gateways"
    if price is not None:
        what += f" for ${price * len(gateways):,.2f} a month; one costs ${price:,.2f}, both before traffic"
    remedy = Remedy(merges=tuple(gateway.urn for gateway in gateways[kept:]))
    return Violation("", what, [gateway.name for gateway in gateways], fix, remedy)


def gateways_by_vpc(context: EvaluationContext, stack: Stack) -> Mapping[Vpc, list[Resource]]:
    """The public NAT gateways of each VPC; those whose VPC is not known are together."""
    vpcs: dict[str, str] = {}
    for subnet in stack.resources(SUBNET.__eq__):
        vpc = next(references(subnet, "vpcId"), "")
        identifier = subnet.outputs["id"].data
        vpcs[subnet.urn] = vpc
        if isinstance(identifier, str):
            vpcs[identifier] = vpc
    by_vpc: dict[Vpc, list[Resource]] = defaultdict(list)
    for gateway in stack.resources(NAT_GATEWAY.__eq__):
        if gateway.inputs["connectivityType"].data in (None, "public"):
            subnets = (vpcs[key] for key in references(gateway, "subnetId") if key in vpcs)
            vpc = next(chain(references(gateway, "vpcId"), subnets), "")
            by_vpc[Vpc(region_of(context, gateway), vpc)].append(gateway)
    return by_vpc


def references(resource: Resource, key: str) -> Iterator[str]:
    """The known value of a property, and the URNs of the resources that it comes from."""
    value = resource.inputs[key].data
    if isinstance(value, str):
        yield value
    yield from resource.dependencies.get(key, ())
