"""What a VPC bills: addresses, gateways, endpoints, attachments, tunnels, firewalls and accelerators."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.compute import charge_transfer
from teei_finops.costing.estimators.subnets import subnet_count

ENDPOINT_SUBNET = "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation"
ACCELERATORS_PER_TUNNEL_PAIR = 2  # an accelerated connection uses two; AWS VPN pricing page, 2026-10


def processed(ctx: EstimationContext) -> Range:
    """GB through the resource: stated, else up to 1 TB."""
    return ctx.usage("monthly_data_processed_gb", 0, 100, 1_000)


@estimates("aws:ec2/eip:Eip")
def elastic_ip(ctx: EstimationContext) -> None:
    """In use or idle, every public IPv4 address is billed (VPC pricing page, 2026-10); one's own is not."""
    pool = ctx.text("publicIpv4Pool", "amazon")
    if pool != "amazon" or ctx.has("customerOwnedIpv4Pool"):
        ctx.note("the address is the customer's own: AWS does not bill it")
        return
    used = ctx.has("instance") or ctx.has("networkInterface")
    key = "in-use" if used else "idle"
    ctx.charge(f"Public IPv4 address, {key}", "AmazonVPC", "public-ipv4", key, ctx.hours())


@estimates("aws:ec2/natGateway:NatGateway")
def nat_gateway(ctx: EstimationContext) -> None:
    """A regional gateway bills the hour per zone it spans (VPC pricing page, 2026-10): those that are named,
    else one to six, expected three.
    """
    zones = Range.of(1)
    if ctx.text("availabilityMode", "zonal") == "regional":
        named = ctx.count("availabilityZoneAddresses")
        zones = Range.of(named) if named else Range(Decimal(1), Decimal(3), Decimal(6), assumed=True)
    ctx.charge("NAT gateway", "AmazonEC2", "nat-gateway", "hour", ctx.hours() * zones)
    ctx.charge("NAT data processed", "AmazonEC2", "nat-gateway", "data-processed", processed(ctx))


@estimates("aws:ec2/vpcEndpoint:VpcEndpoint")
def vpc_endpoint(ctx: EstimationContext) -> None:
    """One network interface per subnet is billed, at least one; gateway endpoints (the provider's default
    type) are free (PrivateLink pricing page, 2026-10).
    """
    kind = ctx.text("vpcEndpointType", "Gateway")
    if kind == "Gateway":
        ctx.note("gateway endpoints are free")
        return
    families = {"Interface": "interface-endpoint", "GatewayLoadBalancer": "gwlb-endpoint"}
    family = families.get(kind, f"{kind.lower()}-endpoint")
    subnets = max(subnet_count(ctx, "subnetIds"), ctx.count("subnetConfigurations"))
    subnets += len(ctx.referring(ENDPOINT_SUBNET, "vpcEndpointId"))
    if not subnets:
        ctx.note("no subnet is named: one network interface assumed")
    ctx.charge(f"{kind} endpoint", "AmazonVPC", family, "hour", ctx.hours(), times=max(subnets, 1))
    ctx.charge("Endpoint data processed", "AmazonVPC", family, "data-processed", processed(ctx))


@estimates("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
def transit_gateway_attachment(ctx: EstimationContext) -> None:
    ctx.charge("VPC attachment", "AmazonVPC", "transit-gateway", "vpc-attachment", ctx.hours())
    ctx.charge("Data processed", "AmazonVPC", "transit-gateway", "data-processed", processed(ctx))


@estimates("aws:ec2/vpnConnection:VpnConnection")
def vpn_connection(ctx: EstimationContext) -> None:
    """On a transit gateway its attachment and data are billed as well; acceleration bills accelerators."""
    hours = ctx.hours()
    bandwidth = ctx.text("tunnelBandwidth", "standard")
    key = "connection" if bandwidth == "standard" else f"connection-{bandwidth}"
    key += "-concentrator" if ctx.has("vpnConcentratorId") else ""
    ctx.charge("VPN connection", "AmazonVPC", "site-to-site-vpn", key, hours)
    if ctx.has("transitGatewayId"):
        ctx.charge("VPN attachment", "AmazonVPC", "transit-gateway", "vpn-attachment", hours)
        ctx.charge("Data processed", "AmazonVPC", "transit-gateway", "data-processed-vpn", processed(ctx))
    elif ctx.from_usage("monthly_data_processed_gb") is not None:
        ctx.note("without a transit gateway, data processed is not billed")
    if ctx.flag("enableAcceleration"):
        ctx.charge(
            "Accelerators",
            "AWSGlobalAccelerator",
            "accelerator",
            "hour",
            hours,
            times=ACCELERATORS_PER_TUNNEL_PAIR,
        )
    charge_transfer(ctx, "monthly_internet_egress_gb")
    ctx.note("the public IPv4 addresses of its tunnels and, unless stated, data out are not in this figure")


@estimates("aws:ec2clientvpn/networkAssociation:NetworkAssociation")
def client_vpn_association(ctx: EstimationContext) -> None:
    ctx.charge("Client VPN association", "AmazonVPC", "client-vpn", "endpoint-association", ctx.hours())


@estimates("aws:ec2clientvpn/endpoint:Endpoint")
def client_vpn_endpoint(ctx: EstimationContext) -> None:
    """Assumed without usage: up to ten people, 168 working hours each."""
    connections = ctx.usage("monthly_connection_hours", 0, 168, 1_680)
    ctx.charge("Client connections", "AmazonVPC", "client-vpn", "connection", connections)


@estimates("aws:ec2/trafficMirrorSession:TrafficMirrorSession")
def traffic_mirror_session(ctx: EstimationContext) -> None:
    ctx.charge("Mirrored interface", "AmazonVPC", "traffic-mirroring", "session", ctx.hours())


@estimates("aws:ec2/vpcIpam:VpcIpam")
def ipam(ctx: EstimationContext) -> None:
    """The provider's default tier is advanced; the free tier bills nothing."""
    if ctx.text("tier", "advanced") == "free":
        ctx.note("the free tier of IPAM")
        return
    addresses = ctx.usage("average_active_ips", 0, 100, 1_000)
    ctx.charge("Active addresses", "AmazonVPC", "ipam", "active-ip", ctx.hours() * addresses)


@estimates("aws:networkfirewall/firewall:Firewall")
def network_firewall(ctx: EstimationContext) -> None:
    """One endpoint per subnet, or per zone on a transit gateway."""
    endpoints = max(ctx.count("subnetMappings"), ctx.count("availabilityZoneMappings"), 1)
    ctx.charge("Firewall endpoint", "AWSNetworkFirewall", "endpoint", "hour", ctx.hours(), times=endpoints)
    ctx.charge("Data inspected", "AWSNetworkFirewall", "endpoint", "data-processed", processed(ctx))


@estimates("aws:globalaccelerator/accelerator:Accelerator")
def accelerator(ctx: EstimationContext) -> None:
    """A disabled accelerator is billed, too (Global Accelerator pricing page, 2026-10)."""
    ctx.charge("Accelerator", "AWSGlobalAccelerator", "accelerator", "hour", ctx.hours())
    data = ctx.from_usage("monthly_premium_transfer_gb")
    if data is not None:
        ctx.charge(
            "Transfer premium to Europe", "AWSGlobalAccelerator", "dt-premium-outbound", "europe", data
        )
        ctx.note("the premium depends on where viewers are: priced as to Europe")
    else:
        ctx.note("data is not in this figure; state monthly_premium_transfer_gb")


@estimates("aws:directconnect/connection:Connection")
def direct_connect(ctx: EstimationContext) -> None:
    """The provider's bandwidths are `1Gbps`, `10Gbps` and so on."""
    bandwidth = ctx.text("bandwidth").lower()
    ctx.charge(f"{bandwidth} port", "AWSDirectConnect", "dedicated-port", bandwidth, ctx.hours())
    egress = ctx.usage("monthly_egress_gb", 0, 100, 1_000)
    ctx.charge("Data out", "AWSDirectConnect", "data-transfer-out", "us-location", egress)
