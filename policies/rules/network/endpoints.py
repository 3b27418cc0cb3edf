"""VPC endpoints: S3 and DynamoDB have gateway endpoints, which are free."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation
from policies.properties import Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, resource_policy, stack_policy, text_list_option
from policies.rules.network.nat_gateways import gateways_by_vpc, references
from teei_finops.policy_report import Remedy

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GATEWAY_SERVICES = ("s3", "dynamodb")


def gateway_endpoint_is_used(context: EvaluationContext) -> Policy:
    """Endpoints that on-premises clients use are left out.

    Those are S3 interface endpoints whose private DNS is only for an inbound resolver.
    """
    rule = Rule(
        "interface-endpoint-with-free-gateway",
        {"services": text_list_option("services with gateway endpoints", GATEWAY_SERVICES)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        endpoint_type = resource.inputs["vpcEndpointType"]
        if endpoint_type.text("Gateway") != "Interface":
            return
        service = resource.inputs["serviceName"].text().rpartition(".")[2]
        on_premises = resource.inputs["dnsOptions"]["privateDnsOnlyForInboundResolverEndpoint"]
        if service in options["services"] and not on_premises.boolean():
            what = f"is billed, while a gateway endpoint for {service} is free"
            remedy = Remedy({endpoint_type.path: "Gateway"})
            yield Violation(endpoint_type.path, what, endpoint_type.data, "set it to Gateway", remedy)

    return resource_policy(rule, context, ENDPOINT.__eq__, check)


def nat_gateway_has_gateway_endpoints(context: EvaluationContext) -> Policy:
    rule = Rule(
        "nat-gateway-without-gateway-endpoint",
        {"services": text_list_option("services that need a gateway endpoint", ["s3"])},
    )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        endpoints = [
            endpoint
            for endpoint in stack.resources(ENDPOINT.__eq__)
            if endpoint.inputs["vpcEndpointType"].data in (None, "Gateway")
            or endpoint.inputs["privateDnsEnabled"].data is True
        ]
        for vpc, gateways in gateways_by_vpc(context, stack).items():
            names = [
                endpoint.inputs["serviceName"] for endpoint in endpoints if _may_be_in(vpc.name, endpoint)
            ]
            for service in options["services"]:
                finding = _endpoint_is_missing(service, names)
                if finding:
                    yield gateways[0], finding

    return stack_policy(rule, context, check)


def _may_be_in(vpc: str, endpoint: Resource) -> bool:
    """The endpoint is in the VPC, or the stack does not tell the VPC of one of them."""
    known = list(references(endpoint, "vpcId"))
    return not vpc or not known or vpc in known


def _endpoint_is_missing(service: str, names: list[Property]) -> Finding | None:
    if any(isinstance(name.data, str) and name.data.endswith(f".{service}") for name in names):
        return None
    unknown = next((name for name in names if name.unknown), None)
    if unknown:
        return Undetermined(unknown.path)
    what = f"traffic to {service} passes the NAT gateway, which bills each GB"
    return Violation("", what, None, f"add a gateway endpoint for {service}")
