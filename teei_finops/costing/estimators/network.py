"""What a VPC bills: addresses, gateways, endpoints, attachments, tunnels, firewalls and accelerators."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.compute import charge_transfer
from teei_finops.costing.estimators.subnets import subnet_count

ENDPOINT_SUBNET = "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation"
ACCELERATORS_PER_TUNNEL_PAIR = 2  # an accelerated connection uses two; AWS VPN pricing page, 2026-10


def processed(r: Subject) -> Range:
    """GB through the resource: stated, else up to 1 TB."""
    return r.usage("monthly_data_processed_gb", 0, 100, 1_000)


@estimates("aws:ec2/eip:Eip")
def elastic_ip(r: Subject) -> None:
    """In use or idle, every public IPv4 address is billed (VPC pricing page, 2026-10); one's own is not."""
    pool = r.text("publicIpv4Pool", "amazon")
    if pool != "amazon" or r.has("customerOwnedIpv4Pool"):
        r.note("the address is the customer's own: AWS does not bill it")
        return
    used = r.has("instance") or r.has("networkInterface")
    key = "in-use" if used else "idle"
    r.charge(f"Public IPv4 address, {key}", "AmazonVPC", "public-ipv4", key, r.hours())


@estimates("aws:ec2/natGateway:NatGateway")
def nat_gateway(r: Subject) -> None:
    """A regional gateway bills the hour per zone it spans (VPC pricing page, 2026-10): those that are named,
    else one to six, expected three.
    """
    zones = Range.of(1)
    if r.text("availabilityMode", "zonal") == "regional":
        named = r.count("availabilityZoneAddresses")
        zones = Range.of(named) if named else Range(Decimal(1), Decimal(3), Decimal(6), assumed=True)
    r.charge("NAT gateway", "AmazonEC2", "nat-gateway", "hour", r.hours() * zones)
    r.charge("NAT data processed", "AmazonEC2", "nat-gateway", "data-processed", processed(r))


@estimates("aws:ec2/vpcEndpoint:VpcEndpoint")
def vpc_endpoint(r: Subject) -> None:
    """One network interface per subnet is billed, at least one; gateway endpoints (the provider's default
    type) are free (PrivateLink pricing page, 2026-10).
    """
    kind = r.text("vpcEndpointType", "Gateway")
    if kind == "Gateway":
        r.note("gateway endpoints are free")
        return
    families = {"Interface": "interface-endpoint", "GatewayLoadBalancer": "gwlb-endpoint"}
    family = families.get(kind, f"{kind.lower()}-endpoint")
    subnets = max(subnet_count(r, "subnetIds"), r.count("subnetConfigurations"))
    subnets += len(r.referring(ENDPOINT_SUBNET, "vpcEndpointId"))
    if not subnets:
        r.note("no subnet is named: one network interface assumed")
    r.charge(f"{kind} endpoint", "AmazonVPC", family, "hour", r.hours(), times=max(subnets, 1))
    r.charge("Endpoint data processed", "AmazonVPC", family, "data-processed", processed(r))


@estimates("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
def transit_gateway_attachment(r: Subject) -> None:
    r.charge("VPC attachment", "AmazonVPC", "transit-gateway", "vpc-attachment", r.hours())
    r.charge("Data processed", "AmazonVPC", "transit-gateway", "data-processed", processed(r))


@estimates("aws:ec2/vpnConnection:VpnConnection")
def vpn_connection(r: Subject) -> None:
    """On a transit gateway its attachment and data are billed as well; acceleration bills accelerators."""
    hours = r.hours()
    bandwidth = r.text("tunnelBandwidth", "standard")
    key = "connection" if bandwidth == "standard" else f"connection-{bandwidth}"
    key += "-concentrator" if r.has("vpnConcentratorId") else ""
    r.charge("VPN connection", "AmazonVPC", "site-to-site-vpn", key, hours)
    if r.has("transitGatewayId"):
        r.charge("VPN attachment", "AmazonVPC", "transit-gateway", "vpn-attachment", hours)
        r.charge("Data processed", "AmazonVPC", "transit-gateway", "data-processed-vpn", processed(r))
    elif r.stated("monthly_data_processed_gb") is not None:
        r.note("without a transit gateway, data processed is not billed")
    if r.flag("enableAcceleration"):
        r.charge(
            "Accelerators",
            "AWSGlobalAccelerator",
            "accelerator",
            "hour",
            hours,
            times=ACCELERATORS_PER_TUNNEL_PAIR,
        )
    charge_transfer(r, "monthly_internet_egress_gb")
    r.note("the public IPv4 addresses of its tunnels and, unless stated, data out are not in this figure")


@estimates("aws:ec2clientvpn/networkAssociation:NetworkAssociation")
def client_vpn_association(r: Subject) -> None:
    r.charge("Client VPN association", "AmazonVPC", "client-vpn", "endpoint-association", r.hours())


@estimates("aws:ec2clientvpn/endpoint:Endpoint")
def client_vpn_endpoint(r: Subject) -> None:
    """Assumed without usage: up to ten people, 168 working hours each."""
    connections = r.usage("monthly_connection_hours", 0, 168, 1_680)
    r.charge("Client connections", "AmazonVPC", "client-vpn", "connection", connections)


@estimates("aws:ec2/trafficMirrorSession:TrafficMirrorSession")
def traffic_mirror_session(r: Subject) -> None:
    r.charge("Mirrored interface", "AmazonVPC", "traffic-mirroring", "session", r.hours())


@estimates("aws:ec2/vpcIpam:VpcIpam")
def ipam(r: Subject) -> None:
    """The provider's default tier is advanced; the free tier bills nothing."""
    if r.text("tier", "advanced") == "free":
        r.note("the free tier of IPAM")
        return
    addresses = r.usage("average_active_ips", 0, 100, 1_000)
    r.charge("Active addresses", "AmazonVPC", "ipam", "active-ip", r.hours() * addresses)


@estimates("aws:networkfirewall/firewall:Firewall")
def network_firewall(r: Subject) -> None:
    """One endpoint per subnet, or per zone on a transit gateway."""
    endpoints = max(r.count("subnetMappings"), r.count("availabilityZoneMappings"), 1)
    r.charge("Firewall endpoint", "AWSNetworkFirewall", "endpoint", "hour", r.hours(), times=endpoints)
    r.charge("Data inspected", "AWSNetworkFirewall", "endpoint", "data-processed", processed(r))


@estimates("aws:globalaccelerator/accelerator:Accelerator")
def accelerator(r: Subject) -> None:
    """A disabled accelerator is billed, too (Global Accelerator pricing page, 2026-10)."""
    r.charge("Accelerator", "AWSGlobalAccelerator", "accelerator", "hour", r.hours())
    data = r.stated("monthly_premium_transfer_gb")
    if data is not None:
        r.charge("Transfer premium to Europe", "AWSGlobalAccelerator", "dt-premium-outbound", "europe", data)
        r.note("the premium depends on where viewers are: priced as to Europe")
    else:
        r.note("data is not in this figure; state monthly_premium_transfer_gb")


@estimates("aws:directconnect/connection:Connection")
def direct_connect(r: Subject) -> None:
    """The provider's bandwidths are `1Gbps`, `10Gbps` and so on."""
    bandwidth = r.text("bandwidth").lower()
    r.charge(f"{bandwidth} port", "AWSDirectConnect", "dedicated-port", bandwidth, r.hours())
    egress = r.usage("monthly_egress_gb", 0, 100, 1_000)
    r.charge("Data out", "AWSDirectConnect", "data-transfer-out", "us-location", egress)
