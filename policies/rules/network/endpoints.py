"""VPC endpoints: S3 and DynamoDB have gateway endpoints, which are free."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation
from policies.properties import Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, resource_policy, stack_policy, text_list_option
from teei_finops.policy_report import Remedy

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
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
        gateways = [
            gateway
            for gateway in stack.resources(NAT_GATEWAY.__eq__)
            if gateway.inputs["connectivityType"].data != "private"
        ]
        if not gateways:
            return
        endpoints = [
            endpoint
            for endpoint in stack.resources(ENDPOINT.__eq__)
            if endpoint.inputs["vpcEndpointType"].data in (None, "Gateway")
            or endpoint.inputs["privateDnsEnabled"].data is True
        ]
        names = [endpoint.inputs["serviceName"] for endpoint in endpoints]
        unknown = next((name for name in names if name.unknown), None)
        for service in options["services"]:
            if any(isinstance(name.data, str) and name.data.endswith(f".{service}") for name in names):
                continue
            what = f"traffic to {service} passes the NAT gateway, which bills each GB"
            fix = f"add a gateway endpoint for {service}"
            yield (
                gateways[0],
                Undetermined(unknown.path) if unknown else Violation("", what, None, fix),
            )

    return stack_policy(rule, context, check)
