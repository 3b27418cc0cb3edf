"""Settings that look like configuration and are billed: metrics, attachments, app clients, certificates."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    after_lines,
    amounts_by_name,
    dollars,
    estimate_of,
    lines_by_name,
    resource,
)

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
BUCKET_METRIC = "aws:s3/bucketMetric:BucketMetric"
ASSOCIATION = "aws:directconnect/gatewayAssociation:GatewayAssociation"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
PEERING = "aws:ec2transitgateway/peeringAttachment:PeeringAttachment"
ACCEPTER = "aws:ec2transitgateway/peeringAttachmentAccepter:PeeringAttachmentAccepter"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
CERTIFICATE = "aws:acm/certificate:Certificate"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE, USER_POOL = "aws:sqs/queue:Queue", "aws:cognito/userPool:UserPool"
QUICKSIGHT_USER = "aws:quicksight/user:User"
POOL, CIDR = "aws:ec2/vpcIpamPool:VpcIpamPool", "aws:ec2/vpcIpamPoolCidr:VpcIpamPoolCidr"


def test_a_log_metric_filter_is_a_custom_metric_and_one_for_each_value_of_its_dimensions():
    plain = estimate_of(FILTER, {"metricTransformation": {"name": "errors", "namespace": "shop"}})
    assert amounts_by_name(plain) == {"Custom metrics (0 to 10,000)": D("0.3")}
    by_path = {"metricTransformation": {"name": "errors", "dimensions": {"path": "$.path"}}}
    metrics = after_lines(estimate_of(FILTER, by_path))[0].quantity
    assert (metrics.low, metrics.expected, metrics.high, metrics.assumed) == (1, 10, 100, True)
    assert dollars(estimate_of(FILTER, by_path, usage={"average_metrics": 50})) == 15


def test_request_metrics_of_a_bucket_are_16_custom_metrics_at_most():
    metrics = after_lines(estimate_of(BUCKET_METRIC, {"bucket": "b"}))[0].quantity
    assert (metrics.low, metrics.expected, metrics.high) == (1, 16, 16)
    assert dollars(estimate_of(BUCKET_METRIC, {"bucket": "b"})) == 16 * D("0.3")


def test_direct_connect_is_an_attachment_of_a_transit_gateway_and_free_on_a_vpn_gateway():
    usage = {"monthly_data_processed_gb": 100}
    gateway = resource(TRANSIT_GATEWAY, {}, name="hub")
    depends_on = {"associatedGatewayId": (TRANSIT_GATEWAY, "hub")}
    unknown = estimate_of(
        ASSOCIATION, {"associatedGatewayId": UNKNOWN}, gateway, usage=usage, depends_on=depends_on
    )
    expected = {"Direct Connect attachment": 730 * D("0.05"), "Data processed": D(2)}
    assert amounts_by_name(unknown) == expected
    assert (
        amounts_by_name(estimate_of(ASSOCIATION, {"associatedGatewayId": "tgw-1"}, usage=usage)) == expected
    )
    assert dollars(estimate_of(ASSOCIATION, {"associatedGatewayId": "vgw-1"})) == 0
    proposed = estimate_of(ASSOCIATION, {"proposalId": "p"})
    assert proposed.reason.startswith("value unknown until deploy: associatedGatewayId")


@pytest.mark.parametrize("token", [PEERING, ACCEPTER])
def test_each_side_of_a_peering_is_an_attachment(token):
    assert amounts_by_name(estimate_of(token, {})) == {"Peering attachment": 730 * D("0.05")}


def test_an_app_client_with_client_credentials_bills_its_tokens():
    machine = {"userPoolId": "p", "allowedOauthFlows": ["client_credentials"]}
    estimate = estimate_of(CLIENT, machine, usage={"monthly_token_requests": 1_000})
    assert amounts_by_name(estimate) == {"Token requests (0 to 250,000)": D("2.25")}
    assert estimate.unpriced_lines == ()
    assert dollars(estimate_of(CLIENT, {"userPoolId": "p", "allowedOauthFlows": ["code"]})) == 0


def test_only_a_certificate_that_may_be_exported_is_billed_by_name():
    assert estimate_of(CERTIFICATE, {"domainName": "example.com"}).state == "free"
    exported = {
        "domainName": "example.com",
        "subjectAlternativeNames": ["example.com", "*.example.com", "www.example.com"],
        "options": {"export": "ENABLED"},
    }
    estimate = estimate_of(CERTIFICATE, exported, region="eu-central-1")
    a_year = {what: round(amount * 12, 2) for what, amount in amounts_by_name(estimate).items()}
    assert a_year == {
        "Exportable certificate, fqdn": round(2 * 7 * D(365) / 153, 2),
        "Exportable certificate, wildcard": round(79 * D(365) / 153, 2),
    }
    assert "every 153 days" in estimate.notes[0]


def test_provisioned_pollers_of_a_queue_are_billed_from_their_minimum_to_their_maximum():
    assert dollars(estimate_of(MAPPING, {"functionName": "f"})) == 0
    provisioned = {"provisionedPollerConfig": {"minimumPollers": 3, "maximumPollers": 10}}
    by_arn = estimate_of(MAPPING, {"eventSourceArn": "arn:aws:sqs:us-east-1:1:q", **provisioned}).after
    month = 730 * D("0.00925")
    assert (by_arn.low, by_arn.expected, by_arn.high) == (3 * month, 3 * month, 10 * month)
    default = {"eventSourceArn": UNKNOWN, "provisionedPollerConfig": {"maximumPollers": 2}}
    queue = resource(QUEUE, {}, name="q")
    of_new_queue = estimate_of(MAPPING, default, queue, depends_on={"eventSourceArn": (QUEUE, "q")})
    assert dollars(of_new_queue) == 2 * month
    assert estimate_of(MAPPING, default).reason == "value unknown until deploy: eventSourceArn"


def test_provisioned_pollers_of_kafka_share_units_of_10_and_busy_ones_of_4():
    provisioned = {"provisionedPollerConfig": {"minimumPollers": 11, "maximumPollers": 13}}
    month = 730 * D("0.185")
    for source in ({"eventSourceArn": "arn:aws:kafka:us-east-1:1:cluster/c"}, {"selfManagedEventSource": {}}):
        after = estimate_of(MAPPING, {**source, **provisioned}).after
        assert (after.low, after.expected, after.high) == (2 * month, 2 * month, 4 * month)


@pytest.mark.parametrize(("plan", "usd"), [("ESSENTIALS", "0.015"), ("PLUS", "0.02")])
def test_active_users_are_billed_by_the_feature_plan_of_their_pool(plan, usd):
    usage = {"monthly_active_users": 100}
    assert dollars(estimate_of(USER_POOL, {"userPoolTier": plan}, usage=usage)) == 100 * D(usd)


@pytest.mark.parametrize(
    ("role", "usd"), [("READER", 3), ("AUTHOR", 24), ("ADMIN", 24), ("READER_PRO", 20), ("ADMIN_PRO", 40)]
)
def test_a_quicksight_user_is_billed_by_role_in_every_region(role, usd):
    assert dollars(estimate_of(QUICKSIGHT_USER, {"userRole": role}, region="eu-west-3")) == usd


def test_a_block_of_addresses_of_amazon_is_billed_and_its_elastic_addresses_are_not():
    pool = resource(POOL, {"publicIpSource": "amazon", "addressFamily": "ipv4"}, name="p", id="pool")
    block = {"ipamPoolId": "pool", "netmaskLength": 29}
    assert lines_by_name(estimate_of(CIDR, block, pool)) == {
        "Contiguous public IPv4 addresses": (D(8 * 730), 8 * 730 * D("0.008"))
    }
    assert dollars(estimate_of(CIDR, {"ipamPoolId": "pool", "cidr": "192.0.2.0/30"}, pool)) == 4 * 730 * D(
        "0.008"
    )
    private = resource(POOL, {"addressFamily": "ipv4"}, name="p", id="pool")
    assert dollars(estimate_of(CIDR, block, private)) == 0
    assert dollars(estimate_of("aws:ec2/eip:Eip", {"ipamPoolId": "pool"}, pool)) == 0
