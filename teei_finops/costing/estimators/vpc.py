"""Amazon VPC and edge networking: public IPv4, NAT gateways, endpoints, attachments, VPN, firewalls."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.compute import charge_transfer
from teei_finops.costing.estimators.subnets import subnet_count
from teei_finops.costing.inputs import Inputs

ENDPOINT_SUBNET = "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation"
IPAM_POOL = "aws:ec2/vpcIpamPool:VpcIpamPool"
ACCELERATORS_PER_TUNNEL_PAIR = 2  # an accelerated connection uses two; AWS VPN pricing page, 2026-10


def processed(ctx: EstimationContext) -> Range:
    """GB processed, from usage, else up to 1 TB."""
    return ctx.usage("monthly_data_processed_gb", 0, 100, 1_000)


@estimates("aws:ec2/eip:Eip")
def elastic_ip(ctx: EstimationContext) -> None:
    """Billed in use and idle (VPC pricing page, 2026-10), except customer-owned addresses."""
    if ctx.has("ipamPoolId"):
        ctx.note("its IPAM pool is billed for the whole block of addresses")
        return
    pool = ctx.text("publicIpv4Pool", "amazon")
    if pool != "amazon" or ctx.has("customerOwnedIpv4Pool"):
        ctx.note("customer-owned addresses are not billed")
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
        ctx.note("no subnet is set: one network interface assumed")
    ctx.charge(f"{kind} endpoint", "AmazonVPC", family, "hour", ctx.hours(), times=max(subnets, 1))
    ctx.charge("Endpoint data processed", "AmazonVPC", family, "data-processed", processed(ctx))


@estimates("aws:ec2/vpnConnection:VpnConnection")
def vpn_connection(ctx: EstimationContext) -> None:
    """On a transit gateway its attachment and data are billed, too; acceleration adds two accelerators."""
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
    ctx.note("the public IPv4 addresses of its tunnels and, without usage, data out are not in this figure")


@estimates("aws:ec2clientvpn/networkAssociation:NetworkAssociation")
def client_vpn_association(ctx: EstimationContext) -> None:
    ctx.charge("Client VPN association", "AmazonVPC", "client-vpn", "endpoint-association", ctx.hours())


@estimates("aws:ec2clientvpn/endpoint:Endpoint")
def client_vpn_endpoint(ctx: EstimationContext) -> None:
    """Assumed without usage: up to ten users for 168 working hours each."""
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


@estimates("aws:ec2/vpcIpamPoolCidr:VpcIpamPoolCidr")
def ipam_pool_cidr(ctx: EstimationContext) -> None:
    """Every address of a contiguous block that Amazon provides is billed, used or not; other pools are free
    (https://aws.amazon.com/vpc/pricing/, 2026-10).
    """
    pool = ctx.related("ipamPoolId", IPAM_POOL)
    if pool is None:
        ctx.note("its pool is not in the preview: assumed not to be of addresses that Amazon provides")
        return
    if pool.text("publicIpSource", "byoip") != "amazon" or pool.text("addressFamily") != "ipv4":
        return
    if ctx.has("netmaskLength"):
        length = ctx.number("netmaskLength")
    else:
        cidr = ctx.text("cidr")
        length = Inputs({"cidr": cidr.rpartition("/")[2]}, "length").number("cidr")
    addresses = Decimal(2) ** int(32 - min(length, Decimal(32)))
    hours = ctx.hours() * addresses
    ctx.charge("Contiguous public IPv4 addresses", "AmazonVPC", "public-ipv4", "contiguous-block", hours)


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
        ctx.note("the premium depends on the location of viewers: priced as to Europe")
    else:
        ctx.note("data is not in this figure; set monthly_premium_transfer_gb")


@estimates("aws:directconnect/connection:Connection")
def direct_connect(ctx: EstimationContext) -> None:
    """The provider's bandwidths are `1Gbps`, `10Gbps` and so on."""
    bandwidth = ctx.text("bandwidth").lower()
    ctx.charge(f"{bandwidth} port", "AWSDirectConnect", "dedicated-port", bandwidth, ctx.hours())
    egress = ctx.usage("monthly_egress_gb", 0, 100, 1_000)
    ctx.charge("Data out", "AWSDirectConnect", "data-transfer-out", "us-location", egress)
