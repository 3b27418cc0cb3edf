"""Route 53 and Cloud Map."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

CHECK = "aws:route53/healthCheck:HealthCheck"
ENDPOINT = "aws:route53/resolverEndpoint:ResolverEndpoint"
NAMESPACE = "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace"
RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"


def r53(family: str, key: str, tier: int = 0) -> D:
    return price("AmazonRoute53", family, key, "global", tier=tier)


def test_a_zone_has_the_same_monthly_price_in_every_region():
    assert amounts_by_name(estimate_of(ZONE, {}, region="ap-southeast-2")) == {
        "Hosted zone (0 to 25)": r53("hosted-zone", "zone")
    }


@pytest.mark.parametrize(
    ("policy", "key"),
    [
        ({}, "standard"),
        ({"weightedRoutingPolicies": [{"weight": 1}]}, "standard"),
        ({"latencyRoutingPolicies": [{"region": "us-east-1"}]}, "latency"),
        ({"geolocationRoutingPolicies": [{"country": "DE"}]}, "geo"),
        ({"geoproximityRoutingPolicy": {"bias": 1}}, "geoproximity"),
        ({"cidrRoutingPolicy": {"collectionId": "c"}}, "ip-based"),
    ],
)
def test_queries_of_a_record_cost_by_routing_policy(policy, key):
    it = estimate_of(RECORD, {"zoneId": "Z1", "type": "A", **policy}, usage={"monthly_queries": 3_000_000})
    assert dollars(it) == 3 * r53("queries", key)


def test_an_alias_of_an_aws_resource_is_free_and_one_of_a_record_is_not():
    usage = {"monthly_queries": 1_000_000}
    balancer = {"zoneId": "Z1", "type": "A", "aliases": [{"name": "lb", "zoneId": "ZLB"}]}
    assert dollars(estimate_of(RECORD, balancer, usage=usage)) == 0
    record = {"zoneId": "Z1", "type": "A", "aliases": [{"name": "www", "zoneId": "Z1"}]}
    assert dollars(estimate_of(RECORD, record, usage=usage)) == r53("queries", "standard")
    nobody_knows = {"zoneId": UNKNOWN, "type": "A", "aliases": [{"name": "lb", "zoneId": UNKNOWN}]}
    assert dollars(estimate_of(RECORD, nobody_knows, usage=usage)) == r53("queries", "standard")


@pytest.mark.parametrize(
    ("inputs", "where", "features"),
    [
        ({"type": "TCP", "ipAddress": "203.0.113.7"}, "non-aws", 0),
        ({"type": "HTTPS", "fqdn": "shop.example"}, "non-aws", 1),
        ({"type": "HTTPS_STR_MATCH", "fqdn": "x.elb.amazonaws.com", "requestInterval": 10}, "aws", 3),
        ({"type": "HTTP", "fqdn": "d1.cloudfront.net.", "measureLatency": True}, "aws", 1),
        ({"type": "CALCULATED", "childHealthThreshold": 1}, "aws", 0),
    ],
)
def test_a_health_check_bills_its_endpoint_and_options(inputs, where, features):
    assert dollars(estimate_of(CHECK, inputs)) == r53("health-check", f"basic-{where}") + features * r53(
        "health-check", f"optional-feature-{where}"
    )


def test_a_resolver_endpoint_bills_each_address_by_the_hour_and_queries():
    inputs = {"direction": "INBOUND", "ipAddresses": [{"subnetId": UNKNOWN}, {"subnetId": UNKNOWN}]}
    it = estimate_of(ENDPOINT, inputs, region=EU, usage={"monthly_hours": 100, "monthly_queries": 2_000_000})
    assert dollars(it) == 200 * price("AmazonRoute53", "resolver", "endpoint-eni", EU) + 2 * price(
        "AmazonRoute53", "resolver", "queries", EU
    )


def test_a_private_namespace_bills_the_zone_that_it_makes():
    it = estimate_of(NAMESPACE, {"name": "shop.local", "vpc": "vpc-1"}, usage={"monthly_queries": 1_000_000})
    assert dollars(it) == r53("hosted-zone", "zone") + r53("queries", "standard")
