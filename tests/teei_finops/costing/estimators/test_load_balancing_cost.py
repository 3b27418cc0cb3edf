"""Load balancers: the hour, the busiest dimension of the capacity unit, public addresses."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimate_with_prices,
    estimates_of,
    lines_by_name,
    resource,
)

LB = "aws:lb/loadBalancer:LoadBalancer"
QUIET = {
    "new_connections_per_second": 0,
    "active_connections_per_minute": 0,
    "monthly_data_processed_gb": 0,
    "rule_evaluations_per_second": 0,
}


@pytest.mark.parametrize("token", [LB, "aws:alb/loadBalancer:LoadBalancer"])
def test_an_internal_balancer_bills_its_hours(token):
    assert dollars(estimate_of(token, {"internal": True}, usage=QUIET)) == 730 * D("0.0225")


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
    lines = lines_by_name(estimate_of(LB, {"internal": True}, region=EU, usage={**QUIET, **usage}))
    assert lines["Capacity units"] == (units * D(730), units * 730 * D("0.008"))


def test_a_network_balancer_with_a_tls_listener_holds_fewer_connections():
    network = {"loadBalancerType": "network", "internal": True}
    usage = {**QUIET, "new_connections_per_second": 800}
    assert lines_by_name(estimate_of(LB, network, usage=usage))["Capacity units"][0] == 730
    listener = resource(
        "aws:lb/listener:Listener",
        {"loadBalancerArn": UNKNOWN, "protocol": "TLS"},
        name="tls",
        depends_on={"loadBalancerArn": (LB, "it")},
    )
    assert lines_by_name(estimate_of(LB, network, listener, usage=usage))["Capacity units"] == (
        16 * D(730),
        16 * 730 * D("0.006"),
    )


def test_a_public_balancer_bills_one_address_per_zone_except_those_it_brings():
    usage = {**QUIET, "monthly_hours": 100}
    public = lines_by_name(estimate_of(LB, {"subnets": [UNKNOWN, UNKNOWN]}, usage=usage))
    assert public["Public IPv4 addresses"] == (D(200), D(1))
    mappings = [{"subnetId": "a", "allocationId": UNKNOWN}, {"subnetId": "b"}]
    network = {"loadBalancerType": "network", "subnetMappings": mappings}
    assert lines_by_name(estimate_of(LB, network, usage=usage))["Public IPv4 addresses"][0] == 100
    ipv6 = {"subnets": ["a", "b"], "ipAddressType": "dualstack-without-public-ipv4"}
    assert "Public IPv4 addresses" not in lines_by_name(estimate_of(LB, ipv6, usage=usage))


def test_balancers_without_a_price_are_unpriced():
    gateway = {"loadBalancerType": "gateway", "subnets": ["a"]}
    assert estimate_of(LB, gateway).reason.startswith(
        "no price in this region: ElasticLoadBalancing gateway hour"
    )
    assert estimate_of(LB, gateway, region=EU).reason.startswith(
        "no price in this region: ElasticLoadBalancing gateway glcu-hour"
    )
    classic = "aws:elb/loadBalancer:LoadBalancer"
    assert estimate_of(classic, {}, region=EU).reason.startswith(
        "no price in this region: ElasticLoadBalancing classic"
    )
    assert dollars(estimate_of(classic, {}, usage={"monthly_data_processed_gb": 100})) == 730 * D(
        "0.025"
    ) + D("0.8")


def test_reserved_capacity_units_are_the_least_that_is_billed():
    reserved = {"internal": True, "minimumLoadBalancerCapacity": {"capacityUnits": 100}}
    assert lines_by_name(estimate_of(LB, reserved, usage=QUIET))["Capacity units"][0] == 73_000


def test_an_unknown_list_of_subnets_is_counted_by_its_dependencies():
    subnet = "aws:ec2/subnet:Subnet"
    subnets = [resource(subnet, {}, name=name) for name in ("a", "b", "c")]
    balancer = resource(LB, {"subnets": UNKNOWN})
    balancer["newState"]["propertyDependencies"] = {"subnets": [step["urn"] for step in subnets]}
    lines = lines_by_name(estimates_of(balancer, *subnets, usage={"it": QUIET})[0])
    assert lines["Public IPv4 addresses"] == (3 * D(730), 3 * D("3.65"))
    assert estimate_of(LB, {"subnets": UNKNOWN}, usage=QUIET).reason == "value unknown until deploy: subnets"


@pytest.mark.parametrize(
    ("protocols", "connections"), [(["TCP"], 800), (["TCP_UDP"], 400), (["UDP", "TLS"], 50)]
)
def test_the_most_demanding_listener_decides_what_a_unit_holds(protocols, connections):
    listeners = [
        resource(
            "aws:lb/listener:Listener",
            {"loadBalancerArn": "arn:lb", "protocol": protocol},
            name=f"l-{protocol}",
        )
        for protocol in protocols
    ]
    network = {"loadBalancerType": "network", "internal": True}
    usage = {**QUIET, "new_connections_per_second": connections}
    estimate = estimate_of(LB, network, *listeners, usage=usage, op="same", outputs={"arn": "arn:lb"})
    assert lines_by_name(estimate)["Capacity units"][0] == 730


def test_active_connections_and_data_fill_the_units_of_a_network_balancer():
    network = {"loadBalancerType": "network", "internal": True}
    active = {**QUIET, "active_connections_per_minute": 200_000}
    assert lines_by_name(estimate_of(LB, network, usage=active))["Capacity units"][0] == 2 * 730
    data = {**QUIET, "monthly_data_processed_gb": 3 * 730}
    assert lines_by_name(estimate_of(LB, network, usage=data))["Capacity units"][0] == 3 * 730


def test_missing_usage_is_assumed_to_be_low_to_moderate():
    units = next(
        line for line in after_lines(estimate_of(LB, {"internal": True})) if line.what == "Capacity units"
    )
    assert units.assumed
    assert (units.quantity.low, units.quantity.expected, units.quantity.high) == (0, 100, 1000)


def test_a_balancer_that_names_no_subnet_is_taken_to_be_in_two_zones():
    addresses = next(
        line for line in after_lines(estimate_of(LB, {}, usage=QUIET)) if line.what == "Public IPv4 addresses"
    )
    assert (addresses.quantity.low, addresses.quantity.expected, addresses.quantity.high) == (
        1460,
        1460,
        2190,
    )
    assert addresses.assumed


def test_a_gateway_balancer_with_prices_bills_its_own_units():
    rows = {("ElasticLoadBalancing", "gateway", "hour"): "0.0125"}
    rows[("ElasticLoadBalancing", "gateway", "glcu-hour")] = "0.004"
    gateway = resource(LB, {"loadBalancerType": "gateway", "subnets": ["a"]})
    for usage in ({"new_connections_per_second": 600}, {"active_connections_per_minute": 60_000}):
        lines = lines_by_name(estimate_with_prices(rows, gateway, usage={**QUIET, **usage}))
        assert lines == {
            "Gateway load balancer": (D(730), 730 * D("0.0125")),
            "Capacity units": (D(730), 730 * D("0.004")),
        }
