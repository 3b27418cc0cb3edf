"""SNS topics and subscriptions, SES identities."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    estimates_of,
    price,
    resource,
)

TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def sns(family: str, key: str, region: str = US) -> D:
    return price("AmazonSNS", family, key, region)


def test_each_64_kb_of_a_message_is_a_request():
    it = estimate_of(TOPIC, {}, usage={"monthly_requests": 2_000_000, "request_size_kb": 65})
    assert amounts_by_name(it) == {"Standard requests": 4 * sns("standard", "requests")}


def test_deliveries_in_the_usage_of_the_topic_are_billed_by_protocol():
    usage = {
        "monthly_requests": 1_000_000,
        "monthly_http_deliveries": 500_000,
        "monthly_email_deliveries": 50_000,
        "monthly_mobile_push_deliveries": 2_000_000,
        "monthly_firehose_deliveries": 1_000_000,
        "monthly_lambda_deliveries": 1_000_000,
        "monthly_sqs_deliveries": 1_000_000,
        "monthly_payload_filtering_gb": 10,
    }
    it = estimate_of(TOPIC, {}, region=EU, usage=usage)
    assert amounts_by_name(it) == {
        "Standard requests": sns("standard", "requests", EU),
        "Deliveries to http": D("0.5") * sns("delivery", "http", EU),
        "Deliveries to email": D("0.5") * sns("delivery", "email", EU),
        "Deliveries to mobile-push": 2 * sns("delivery", "mobile-push", EU),
        "Deliveries to firehose": sns("delivery", "firehose", EU),
        "Deliveries to lambda": 0,
        "Deliveries to sqs": 0,
        "Payload filtering": 10 * sns("standard", "payload-filtering", EU),
    }


def test_a_fifo_topic_bills_requests_and_payload():
    usage = {"monthly_requests": 1_048_576, "request_size_kb": 2}
    it = estimate_of(TOPIC, {"fifoTopic": True}, usage=usage)
    assert amounts_by_name(it) == {
        "FIFO requests": D("1.048576") * sns("fifo", "requests"),
        "FIFO payload": 2 * sns("fifo", "publish-payload"),
    }


def test_a_subscription_gets_each_message_of_its_topic():
    topic = resource(TOPIC, {}, name="orders")
    subscription = resource(
        SUBSCRIPTION,
        {"topic": UNKNOWN, "protocol": "https", "endpoint": "https://shop.example"},
        name="hook",
        depends_on={"topic": (TOPIC, "orders")},
    )
    _, it = estimates_of(topic, subscription, usage={"orders": {"monthly_requests": 3_000_000}})
    assert amounts_by_name(it) == {"Deliveries to http": 3 * sns("delivery", "http")}


def test_deliveries_are_not_counted_on_the_topic_and_on_its_subscription():
    topic = resource(TOPIC, {"name": "orders"}, name="orders")
    subscription = resource(
        SUBSCRIPTION, {"topic": "arn:aws:sns:us-east-1:123456789012:orders", "protocol": "http"}, name="hook"
    )
    usage = {"orders": {"monthly_requests": 0, "monthly_http_deliveries": 1_000_000}}
    on_topic, it = estimates_of(topic, subscription, usage=usage)
    assert amounts_by_name(on_topic) == {"Deliveries to http": sns("delivery", "http")}
    assert dollars(it) == 0
    assert it.notes == ("its deliveries are in monthly_http_deliveries of topic orders",)


def test_a_subscription_of_its_own_usage_needs_no_topic_in_the_plan():
    inputs = {"topic": "arn:aws:sns:us-east-1:123456789012:orders", "protocol": "email"}
    it = estimate_of(SUBSCRIPTION, inputs, usage={"monthly_deliveries": 100_000, "delivery_size_kb": 128})
    assert amounts_by_name(it) == {"Deliveries to email": 2 * sns("delivery", "email")}


def test_text_messages_have_no_price():
    inputs = {"topic": "arn:aws:sns:us-east-1:123456789012:orders", "protocol": "sms"}
    it = estimate_of(SUBSCRIPTION, inputs)
    assert it.reason == "no price in this region: AmazonSNS delivery sms in us-east-1"


def test_an_unknown_topic_matters_only_where_it_may_be_a_fifo_one():
    it = estimate_of(
        SUBSCRIPTION, {"topic": UNKNOWN, "protocol": "http"}, usage={"monthly_deliveries": 1_000_000}
    )
    assert amounts_by_name(it) == {"Deliveries to http": sns("delivery", "http")}
    queue = estimate_of(SUBSCRIPTION, {"topic": UNKNOWN, "protocol": "sqs"})
    assert queue.reason == "value unknown until deploy: topic"


def test_a_fifo_subscription_bills_messages_and_payload():
    topic = resource(TOPIC, {"name": "orders.fifo", "fifoTopic": True}, name="orders")
    inputs = {"topic": "orders.fifo", "protocol": "sqs"}
    it = estimate_of(
        SUBSCRIPTION, inputs, topic, usage={"monthly_deliveries": 1_048_576, "delivery_size_kb": 1}
    )
    assert amounts_by_name(it) == {
        "FIFO messages delivered": D("1.048576") * sns("fifo", "subscription-messages"),
        "FIFO payload delivered": sns("fifo", "subscription-payload"),
    }


def test_free_allowances_are_used_up_once_over_the_review():
    first, second = estimates_of(
        resource(TOPIC, {}, name="a"),
        resource(TOPIC, {}, name="b"),
        usage={"a": {"monthly_requests": 600_000}, "b": {"monthly_requests": 600_000}},
        free_tier=True,
    )
    assert dollars(first) == 0
    assert dollars(second) == D("0.2") * sns("standard", "requests")


@pytest.mark.parametrize(
    "token", ["aws:ses/domainIdentity:DomainIdentity", "aws:sesv2/emailIdentity:EmailIdentity"]
)
def test_an_identity_bills_e_mails_attachments_and_what_it_receives(token):
    usage = {"monthly_emails": 50_000, "monthly_attachment_gb": 4, "monthly_received_emails": 2_000}
    assert amounts_by_name(estimate_of(token, {}, usage=usage)) == {
        "E-mails sent": 50 * price("AmazonSES", "outbound", "email"),
        "Attachments sent": 4 * price("AmazonSES", "outbound", "attachment-data"),
        "E-mails received": 2 * price("AmazonSES", "inbound", "email"),
    }
    assert estimate_of(token, {}).after.assumed


def test_only_deliveries_over_http_have_a_free_allowance():
    usage = {"monthly_requests": 0, "monthly_http_deliveries": 300_000, "monthly_email_deliveries": 300_000}
    assert amounts_by_name(estimate_of(TOPIC, {}, usage=usage, free_tier=True)) == {
        "Deliveries to http": D("0.2") * sns("delivery", "http"),
        "Deliveries to email": 3 * sns("delivery", "email"),
    }
