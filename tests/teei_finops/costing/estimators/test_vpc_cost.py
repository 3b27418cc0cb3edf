"""Addresses, gateways, endpoints, attachments, tunnels, firewalls and accelerators."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.bills import EU, UNKNOWN, D, bill, dollars, price, resource
from tests.teei_finops.costing.estimators.line_items import line_items, lines

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
EIP = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"


@pytest.mark.parametrize(("region", "rate"), [("us-east-1", "0.045"), (EU, "0.052")])
def test_a_nat_gateway_bills_hours_and_data(region, rate):
    found = lines(bill(NAT, {"subnetId": UNKNOWN}, region=region, usage={"monthly_data_processed_gb": 500}))
    assert found == {
        "NAT gateway": (D(730), 730 * D(rate)),
        "NAT data processed": (D(500), 500 * D(rate)),
    }


def test_data_that_nobody_states_is_an_assumed_range():
    data = line_items(bill(NAT, {}))[-1]
    assert (data.quantity.low, data.quantity.expected, data.quantity.high, data.assumed) == (
        0,
        100,
        1000,
        True,
    )


def test_a_regional_nat_gateway_bills_each_zone():
    zones = [{"availabilityZone": zone} for zone in "abc"]
    regional = {"availabilityMode": "regional", "availabilityZoneAddresses": zones}
    assert lines(bill(NAT, regional))["NAT gateway"][0] == 3 * 730
    auto = line_items(bill(NAT, {"availabilityMode": "regional"}))[0]
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
    assert lines(bill(EIP, inputs, usage={"monthly_hours": 100})) == {
        f"Public IPv4 address, {use}": (D(100), D("0.5"))
    }


@pytest.mark.parametrize(
    "inputs", [{"publicIpv4Pool": "ipv4pool-ec2-1"}, {"customerOwnedIpv4Pool": "coip-1"}]
)
def test_ones_own_address_is_not_billed(inputs):
    own = bill(EIP, inputs)
    assert (dollars(own), line_items(own)) == (0, ())
    assert any("customer's own" in note for note in own.notes)


def test_interface_endpoints_bill_each_subnet_and_gateway_ones_nothing():
    interface = {"vpcEndpointType": "Interface", "subnetIds": [UNKNOWN, UNKNOWN, "subnet-3"]}
    found = lines(bill(ENDPOINT, interface, usage={"monthly_data_processed_gb": 0}))
    assert found == {"Interface endpoint": (3 * D(730), 3 * 730 * D("0.01"))}
    assert dollars(bill(ENDPOINT, {"serviceName": "com.amazonaws.us-east-1.s3"})) == 0


def test_a_subnet_added_by_an_association_counts():
    association = resource(
        "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation",
        {"vpcEndpointId": UNKNOWN, "subnetId": "s"},
        name="more",
        made_from={"vpcEndpointId": (ENDPOINT, "it")},
    )
    inputs = {"vpcEndpointType": "GatewayLoadBalancer", "subnetIds": ["a"]}
    found = lines(bill(ENDPOINT, inputs, association, region=EU))
    assert found["GatewayLoadBalancer endpoint"] == (2 * D(730), 2 * 730 * D("0.012"))


def test_an_endpoint_with_unknown_subnets_or_of_a_kind_without_price_is_unpriced():
    interface = {"vpcEndpointType": "Interface"}
    assert (
        bill(ENDPOINT, {**interface, "subnetIds": UNKNOWN}).reason == "value unknown until deploy: subnetIds"
    )
    assert bill(ENDPOINT, {"vpcEndpointType": "Resource", "subnetIds": ["a"]}).reason.startswith(
        "no price in this region: AmazonVPC resource-endpoint hour"
    )


def test_endpoint_data_falls_through_its_tiers():
    interface = {"vpcEndpointType": "Interface", "subnetIds": ["a"]}
    found = lines(bill(ENDPOINT, interface, usage={"monthly_data_processed_gb": 1_048_576 + 1_000}))
    assert found["Endpoint data processed (0 to 1,048,576)"][1] == D("10485.76")
    assert found["Endpoint data processed (1,048,576 to 5,242,880)"][1] == 6


def test_attachments_bill_hours_and_data():
    attachment = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
    found = lines(bill(attachment, {}, region=EU, usage={"monthly_data_processed_gb": 50}))
    assert found == {"VPC attachment": (D(730), D("43.8")), "Data processed": (D(50), D(1))}


def test_a_vpn_on_a_transit_gateway_bills_its_attachment_and_acceleration():
    vpn = "aws:ec2/vpnConnection:VpnConnection"
    assert dollars(bill(vpn, {"vpnGatewayId": UNKNOWN})) == D("36.5")
    usage = {"monthly_data_processed_gb": 100, "monthly_internet_egress_gb": 10}
    found = lines(bill(vpn, {"transitGatewayId": UNKNOWN, "enableAcceleration": True}, usage=usage))
    assert found["VPN attachment"][1] == D("36.5")
    assert found["Data processed"][1] == 2
    assert found["Accelerators"][1] == 2 * 730 * D("0.025")
    assert found["Data out to the internet (0 to 10,240)"][1] == D("0.9")


def test_a_faster_vpn_has_no_price_and_data_without_a_transit_gateway_is_free():
    vpn = "aws:ec2/vpnConnection:VpnConnection"
    fast = bill(vpn, {"vpnGatewayId": UNKNOWN, "tunnelBandwidth": "large"})
    assert fast.reason.startswith("no price in this region: AmazonVPC site-to-site-vpn connection-large")
    assert not any("not billed" in note for note in bill(vpn, {"vpnGatewayId": UNKNOWN}).notes)
    plain = bill(vpn, {"vpnGatewayId": UNKNOWN}, usage={"monthly_data_processed_gb": 100})
    assert dollars(plain) == D("36.5")
    assert any("not billed" in note for note in plain.notes)


def test_client_vpn_bills_associations_and_connections():
    association = "aws:ec2clientvpn/networkAssociation:NetworkAssociation"
    assert dollars(bill(association, {}, usage={"monthly_hours": 200})) == 20
    endpoint = bill(
        "aws:ec2clientvpn/endpoint:Endpoint", {}, usage={"monthly_connection_hours": (10, 100, 200)}
    )
    assert (endpoint.state, endpoint.after.low, endpoint.after.high) == ("usage", D("0.5"), 10)


def test_mirrors_and_managed_addresses_bill_by_the_hour():
    assert dollars(bill("aws:ec2/trafficMirrorSession:TrafficMirrorSession", {}, region=EU)) == 730 * D(
        "0.018"
    )
    ipam = "aws:ec2/vpcIpam:VpcIpam"
    assert dollars(bill(ipam, {}, usage={"average_active_ips": 200})) == 200 * 730 * D("0.00027")
    assert dollars(bill(ipam, {"tier": "free"})) == 0
    assumed = line_items(bill(ipam, {}))[0].quantity
    assert (assumed.low, assumed.expected, assumed.high) == (0, 73_000, 730_000)


def test_a_firewall_bills_each_endpoint():
    firewall = "aws:networkfirewall/firewall:Firewall"
    inputs = {"subnetMappings": [{"subnetId": UNKNOWN}, {"subnetId": UNKNOWN}]}
    zones = bill(
        firewall, {"availabilityZoneMappings": [{"availabilityZoneId": "a"}]}, usage={"monthly_hours": 1}
    )
    assert lines(zones)["Firewall endpoint"][0] == 1
    found = lines(bill(firewall, inputs, usage={"monthly_data_processed_gb": 1000, "monthly_hours": 100}))
    assert found == {"Firewall endpoint": (D(200), D(79)), "Data inspected": (D(1000), D(65))}


def test_an_accelerator_bills_hours_everywhere_and_the_premium_where_it_has_a_price():
    token = "aws:globalaccelerator/accelerator:Accelerator"
    assert dollars(bill(token, {"enabled": False}, region=EU)) == D("18.25")
    assert dollars(bill(token, {}, usage={"monthly_premium_transfer_gb": 100})) == D("19.75")
    premium = bill(token, {}, region=EU, usage={"monthly_premium_transfer_gb": 100})
    assert premium.reason.startswith("no price in this region: AWSGlobalAccelerator")


def test_a_direct_connect_port_bills_by_its_bandwidth():
    token = "aws:directconnect/connection:Connection"
    found = dollars(bill(token, {"bandwidth": "1Gbps"}, usage={"monthly_egress_gb": 50}))
    assert found == 730 * price("AWSDirectConnect", "dedicated-port", "1gbps", "global") + 1
    assert bill(token, {"bandwidth": "10Gbps"}).reason.startswith(
        "no price in this region: AWSDirectConnect dedicated-port 10gbps"
    )
