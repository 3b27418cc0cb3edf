"""Addresses, gateways, endpoints, attachments, tunnels, firewalls and accelerators."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    lines_by_name,
    price,
    resource,
)

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
EIP = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"


@pytest.mark.parametrize(("region", "rate"), [("us-east-1", "0.045"), (EU, "0.052")])
def test_a_nat_gateway_bills_hours_and_data(region, rate):
    lines = lines_by_name(
        estimate_of(NAT, {"subnetId": UNKNOWN}, region=region, usage={"monthly_data_processed_gb": 500})
    )
    assert lines == {
        "NAT gateway": (D(730), 730 * D(rate)),
        "NAT data processed": (D(500), 500 * D(rate)),
    }


def test_missing_data_usage_is_an_assumed_range():
    data = after_lines(estimate_of(NAT, {}))[-1]
    assert (data.quantity.low, data.quantity.expected, data.quantity.high, data.assumed) == (
        0,
        100,
        1000,
        True,
    )


def test_a_regional_nat_gateway_bills_each_zone():
    zones = [{"availabilityZone": zone} for zone in "abc"]
    regional = {"availabilityMode": "regional", "availabilityZoneAddresses": zones}
    assert lines_by_name(estimate_of(NAT, regional))["NAT gateway"][0] == 3 * 730
    auto = after_lines(estimate_of(NAT, {"availabilityMode": "regional"}))[0]
    assert (auto.quantity.low, auto.quantity.expected, auto.quantity.high) == (730, 3 * 730, 6 * 730)
    assert auto.assumed


@pytest.mark.parametrize(
    ("inputs", "use"),
    [
        ({"domain": "vpc"}, "idle"),
        ({"instance": UNKNOWN}, "in-use"),
        ({"networkInterface": UNKNOWN}, "in-use"),
    ],
)
def test_an_address_is_billed_idle_or_in_use(inputs, use):
    assert lines_by_name(estimate_of(EIP, inputs, usage={"monthly_hours": 100})) == {
        f"Public IPv4 address, {use}": (D(100), D("0.5"))
    }


@pytest.mark.parametrize(
    "inputs", [{"publicIpv4Pool": "ipv4pool-ec2-1"}, {"customerOwnedIpv4Pool": "coip-1"}]
)
def test_customer_owned_addresses_are_not_billed(inputs):
    own = estimate_of(EIP, inputs)
    assert (dollars(own), after_lines(own)) == (0, ())
    assert any("customer-owned" in note for note in own.notes)


def test_interface_endpoints_bill_each_subnet_and_gateway_ones_nothing():
    interface = {"vpcEndpointType": "Interface", "subnetIds": [UNKNOWN, UNKNOWN, "subnet-3"]}
    lines = lines_by_name(estimate_of(ENDPOINT, interface, usage={"monthly_data_processed_gb": 0}))
    assert lines == {"Interface endpoint": (3 * D(730), 3 * 730 * D("0.01"))}
    assert dollars(estimate_of(ENDPOINT, {"serviceName": "com.amazonaws.us-east-1.s3"})) == 0


def test_a_subnet_added_by_an_association_counts():
    association = resource(
        "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation",
        {"vpcEndpointId": UNKNOWN, "subnetId": "s"},
        name="more",
        depends_on={"vpcEndpointId": (ENDPOINT, "it")},
    )
    inputs = {"vpcEndpointType": "GatewayLoadBalancer", "subnetIds": ["a"]}
    lines = lines_by_name(estimate_of(ENDPOINT, inputs, association, region=EU))
    assert lines["GatewayLoadBalancer endpoint"] == (2 * D(730), 2 * 730 * D("0.012"))


def test_an_endpoint_with_unknown_subnets_or_of_a_kind_without_price_is_unpriced():
    interface = {"vpcEndpointType": "Interface"}
    assert (
        estimate_of(ENDPOINT, {**interface, "subnetIds": UNKNOWN}).reason
        == "value unknown until deploy: subnetIds"
    )
    assert estimate_of(ENDPOINT, {"vpcEndpointType": "Resource", "subnetIds": ["a"]}).reason.startswith(
        "no price in this region: AmazonVPC resource-endpoint hour"
    )


def test_endpoint_data_falls_through_its_tiers():
    interface = {"vpcEndpointType": "Interface", "subnetIds": ["a"]}
    lines = lines_by_name(
        estimate_of(ENDPOINT, interface, usage={"monthly_data_processed_gb": 1_048_576 + 1_000})
    )
    assert lines["Endpoint data processed (0 to 1,048,576)"][1] == D("10485.76")
    assert lines["Endpoint data processed (1,048,576 to 5,242,880)"][1] == 6


def test_attachments_bill_hours_and_data():
    attachment = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
    lines = lines_by_name(estimate_of(attachment, {}, region=EU, usage={"monthly_data_processed_gb": 50}))
    assert lines == {"VPC attachment": (D(730), D("43.8")), "Data processed": (D(50), D(1))}


def test_a_vpn_on_a_transit_gateway_bills_its_attachment_and_acceleration():
    vpn = "aws:ec2/vpnConnection:VpnConnection"
    assert dollars(estimate_of(vpn, {"vpnGatewayId": UNKNOWN})) == D("36.5")
    usage = {"monthly_data_processed_gb": 100, "monthly_internet_egress_gb": 10}
    lines = lines_by_name(
        estimate_of(vpn, {"transitGatewayId": UNKNOWN, "enableAcceleration": True}, usage=usage)
    )
    assert lines["VPN attachment"][1] == D("36.5")
    assert lines["Data processed"][1] == 2
    assert lines["Accelerators"][1] == 2 * 730 * D("0.025")
    assert lines["Data out to the internet (0 to 10,240)"][1] == D("0.9")


def test_a_faster_vpn_has_no_price_and_data_without_a_transit_gateway_is_free():
    vpn = "aws:ec2/vpnConnection:VpnConnection"
    fast = estimate_of(vpn, {"vpnGatewayId": UNKNOWN, "tunnelBandwidth": "large"})
    assert fast.reason.startswith("no price in this region: AmazonVPC site-to-site-vpn connection-large")
    assert not any("not billed" in note for note in estimate_of(vpn, {"vpnGatewayId": UNKNOWN}).notes)
    plain = estimate_of(vpn, {"vpnGatewayId": UNKNOWN}, usage={"monthly_data_processed_gb": 100})
    assert dollars(plain) == D("36.5")
    assert any("not billed" in note for note in plain.notes)


def test_client_vpn_bills_associations_and_connections():
    association = "aws:ec2clientvpn/networkAssociation:NetworkAssociation"
    assert dollars(estimate_of(association, {}, usage={"monthly_hours": 200})) == 20
    endpoint = estimate_of(
        "aws:ec2clientvpn/endpoint:Endpoint", {}, usage={"monthly_connection_hours": (10, 100, 200)}
    )
    assert (endpoint.state, endpoint.after.low, endpoint.after.high) == ("usage", D("0.5"), 10)


def test_mirrors_and_managed_addresses_bill_by_the_hour():
    assert dollars(
        estimate_of("aws:ec2/trafficMirrorSession:TrafficMirrorSession", {}, region=EU)
    ) == 730 * D("0.018")
    ipam = "aws:ec2/vpcIpam:VpcIpam"
    assert dollars(estimate_of(ipam, {}, usage={"average_active_ips": 200})) == 200 * 730 * D("0.00027")
    assert dollars(estimate_of(ipam, {"tier": "free"})) == 0
    assumed = after_lines(estimate_of(ipam, {}))[0].quantity
    assert (assumed.low, assumed.expected, assumed.high) == (0, 73_000, 730_000)


def test_a_firewall_bills_each_endpoint():
    firewall = "aws:networkfirewall/firewall:Firewall"
    inputs = {"subnetMappings": [{"subnetId": UNKNOWN}, {"subnetId": UNKNOWN}]}
    zones = estimate_of(
        firewall, {"availabilityZoneMappings": [{"availabilityZoneId": "a"}]}, usage={"monthly_hours": 1}
    )
    assert lines_by_name(zones)["Firewall endpoint"][0] == 1
    lines = lines_by_name(
        estimate_of(firewall, inputs, usage={"monthly_data_processed_gb": 1000, "monthly_hours": 100})
    )
    assert lines == {"Firewall endpoint": (D(200), D(79)), "Data inspected": (D(1000), D(65))}


def test_an_accelerator_bills_hours_everywhere_and_the_premium_where_it_has_a_price():
    token = "aws:globalaccelerator/accelerator:Accelerator"
    assert dollars(estimate_of(token, {"enabled": False}, region=EU)) == D("18.25")
    assert dollars(estimate_of(token, {}, usage={"monthly_premium_transfer_gb": 100})) == D("19.75")
    premium = estimate_of(token, {}, region=EU, usage={"monthly_premium_transfer_gb": 100})
    assert premium.reason.startswith("no price in this region: AWSGlobalAccelerator")


def test_a_direct_connect_port_bills_by_its_bandwidth():
    token = "aws:directconnect/connection:Connection"
    cost = dollars(estimate_of(token, {"bandwidth": "1Gbps"}, usage={"monthly_egress_gb": 50}))
    assert cost == 730 * price("AWSDirectConnect", "dedicated-port", "1gbps", "global") + 1
    assert estimate_of(token, {"bandwidth": "10Gbps"}).reason.startswith(
        "no price in this region: AWSDirectConnect dedicated-port 10gbps"
    )
