"""Load balancers: the hour, the busiest dimension of the capacity unit, public addresses."""

from __future__ import annotations

import pytest

from tests.costing.services.bills import EU, UNKNOWN, D, bill, bills, dollars, resource
from tests.costing.services.line_items import lines

LB = "aws:lb/loadBalancer:LoadBalancer"
QUIET = {
    "new_connections_per_second": 0,
    "active_connections_per_minute": 0,
    "monthly_data_processed_gb": 0,
    "rule_evaluations_per_second": 0,
}


@pytest.mark.parametrize("token", [LB, "aws:alb/loadBalancer:LoadBalancer"])
def test_an_internal_balancer_bills_its_hours(token):
    assert dollars(bill(token, {"internal": True}, usage=QUIET)) == 730 * D("0.0225")


@pytest.mark.parametrize(
    ("usage", "units"),
    [
        ({"new_connections_per_second": 50}, 2),
        ({"active_connections_per_minute": 9_000}, 3),
        ({"monthly_data_processed_gb": 730 * 4}, 4),
        ({"rule_evaluations_per_second": 5_000}, 5),
        ({"new_connections_per_second": 50, "monthly_data_processed_gb": 730}, 2),
    ],
)
def test_the_busiest_dimension_decides_the_capacity_units(usage, units):
    found = lines(bill(LB, {"internal": True}, region=EU, usage={**QUIET, **usage}))
    assert found["Capacity units"] == (units * D(730), units * 730 * D("0.008"))


def test_a_network_balancer_with_a_tls_listener_holds_fewer_connections():
    network = {"loadBalancerType": "network", "internal": True}
    usage = {**QUIET, "new_connections_per_second": 800}
    assert lines(bill(LB, network, usage=usage))["Capacity units"][0] == 730
    listener = resource(
        "aws:lb/listener:Listener",
        {"loadBalancerArn": UNKNOWN, "protocol": "TLS"},
        name="tls",
        made_from={"loadBalancerArn": (LB, "it")},
    )
    assert lines(bill(LB, network, listener, usage=usage))["Capacity units"] == (
        16 * D(730),
        16 * 730 * D("0.006"),
    )


def test_a_public_balancer_bills_one_address_per_zone_except_those_it_brings():
    usage = {**QUIET, "monthly_hours": 100}
    public = lines(bill(LB, {"subnets": [UNKNOWN, UNKNOWN]}, usage=usage))
    assert public["Public IPv4 addresses"] == (D(200), D(1))
    mappings = [{"subnetId": "a", "allocationId": UNKNOWN}, {"subnetId": "b"}]
    network = {"loadBalancerType": "network", "subnetMappings": mappings}
    assert lines(bill(LB, network, usage=usage))["Public IPv4 addresses"][0] == 100
    ipv6 = {"subnets": ["a", "b"], "ipAddressType": "dualstack-without-public-ipv4"}
    assert "Public IPv4 addresses" not in lines(bill(LB, ipv6, usage=usage))


def test_balancers_without_a_price_are_unpriced():
    gateway = {"loadBalancerType": "gateway", "subnets": ["a"]}
    assert bill(LB, gateway).reason.startswith("no price in this region: ElasticLoadBalancing gateway hour")
    assert bill(LB, gateway, region=EU).reason.startswith(
        "no price in this region: ElasticLoadBalancing gateway glcu-hour"
    )
    classic = "aws:elb/loadBalancer:LoadBalancer"
    assert bill(classic, {}, region=EU).reason.startswith(
        "no price in this region: ElasticLoadBalancing classic"
    )
    assert dollars(bill(classic, {}, usage={"monthly_data_processed_gb": 100})) == 730 * D("0.025") + D("0.8")


def test_reserved_capacity_units_are_the_least_that_is_billed():
    reserved = {"internal": True, "minimumLoadBalancerCapacity": {"capacityUnits": 100}}
    assert lines(bill(LB, reserved, usage=QUIET))["Capacity units"][0] == 73_000


def test_subnets_unknown_as_a_whole_are_counted_by_what_they_are_made_from():
    subnet = "aws:ec2/subnet:Subnet"
    subnets = [resource(subnet, {}, name=name) for name in ("a", "b", "c")]
    balancer = resource(LB, {"subnets": UNKNOWN})
    balancer["newState"]["propertyDependencies"] = {"subnets": [step["urn"] for step in subnets]}
    found = lines(bills(balancer, *subnets, usage={"it": QUIET})[0])
    assert found["Public IPv4 addresses"] == (3 * D(730), 3 * D("3.65"))
    assert bill(LB, {"subnets": UNKNOWN}, usage=QUIET).reason == "value unknown until deploy: subnets"
