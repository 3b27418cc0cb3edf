"""Amazon SNS topics and subscriptions, Amazon SES."""

from __future__ import annotations

from teei_finops.costing.amounts import NOTHING, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

TOPIC = "aws:sns/topic:Topic"
CHUNK_KB = 64  # each 64 KB of payload is one request or delivery; SNS pricing page, 2026-10
KB_PER_GB = 1024 * 1024
REQUESTS = (0, 1_000_000, 10_000_000)
SIZE_KB = (1, 1, CHUNK_KB)
E_MAILS_TO_PEOPLE = (0, 100, 1_000)  # e-mails that people read, such as alerts

# Protocol of a subscription → price key, the topic's usage key that may hold its deliveries.
PROTOCOLS = {
    "http": ("http", "monthly_http_deliveries"),
    "https": ("http", "monthly_http_deliveries"),
    "email": ("email", "monthly_email_deliveries"),
    "email-json": ("email", "monthly_email_deliveries"),
    "application": ("mobile-push", "monthly_mobile_push_deliveries"),
    "firehose": ("firehose", "monthly_firehose_deliveries"),
    "lambda": ("lambda", "monthly_lambda_deliveries"),
    "sqs": ("sqs", "monthly_sqs_deliveries"),
}


@estimates(TOPIC)
def topic(ctx: EstimationContext) -> None:
    """Publish requests, and deliveries that usage sets on the topic rather than on its subscriptions."""
    fifo = ctx.flag("fifoTopic")
    requests = ctx.usage("monthly_requests", *REQUESTS)
    size = ctx.usage("request_size_kb", *SIZE_KB)
    chunks = requests * size.chunks(CHUNK_KB)
    if fifo:
        ctx.charge("FIFO requests", "AmazonSNS", "fifo", "requests", chunks)
        ctx.charge("FIFO payload", "AmazonSNS", "fifo", "publish-payload", requests * size / KB_PER_GB)
    else:
        ctx.charge(
            "Standard requests", "AmazonSNS", "standard", "requests", chunks, allowance="publish-requests"
        )
    for key, usage_key in dict.fromkeys(PROTOCOLS.values()):
        deliveries = ctx.from_usage(usage_key)
        if deliveries is not None:
            _deliveries(ctx, key, deliveries, size, fifo)
    charge_from_usage(
        ctx, "monthly_payload_filtering_gb", "Payload filtering", "AmazonSNS", "standard", "payload-filtering"
    )


@estimates("aws:sns/topicSubscription:TopicSubscription")
def subscription(ctx: EstimationContext) -> None:
    """One delivery for each message of the topic, unless usage sets deliveries here or on the topic."""
    protocol = ctx.text("protocol")
    key, usage_key = PROTOCOLS.get(protocol, (protocol, ""))
    topic = _topic(ctx, protocol)
    deliveries = ctx.from_usage("monthly_deliveries")
    if deliveries is None and topic is not None and usage_key:
        if topic.from_usage(usage_key) is not None:
            ctx.note(f"its deliveries are in {usage_key} of topic {topic.name}")
            deliveries = NOTHING
        elif key != "email":
            deliveries = topic.from_usage("monthly_requests")
    if deliveries is None:
        deliveries = ctx.usage("monthly_deliveries", *(E_MAILS_TO_PEOPLE if key == "email" else REQUESTS))
    size = ctx.usage("delivery_size_kb", *SIZE_KB)
    _deliveries(ctx, key, deliveries, size, topic is not None and topic.flag("fifoTopic"))


def _topic(ctx: EstimationContext, protocol: str) -> EstimationContext | None:
    """The price depends on the topic for queues only, the one protocol of FIFO topics."""
    try:
        return ctx.related("topic", TOPIC)
    except Unpriced:
        if protocol == "sqs":
            raise
        return None


def _deliveries(ctx: EstimationContext, key: str, deliveries: Range, size: Range, fifo: bool) -> None:
    if fifo:
        ctx.charge("FIFO messages delivered", "AmazonSNS", "fifo", "subscription-messages", deliveries)
        payload = deliveries * size / KB_PER_GB
        ctx.charge("FIFO payload delivered", "AmazonSNS", "fifo", "subscription-payload", payload)
        return
    allowance = "delivery-http" if key == "http" else None
    chunks = deliveries * size.chunks(CHUNK_KB)
    ctx.charge(f"Deliveries to {key}", "AmazonSNS", "delivery", key, chunks, allowance=allowance)


@estimates("aws:ses/domainIdentity:DomainIdentity", "aws:sesv2/emailIdentity:EmailIdentity")
def email_identity(ctx: EstimationContext) -> None:
    """E-mails sent; attachments and e-mails received when the profile sets them."""
    sent = ctx.usage("monthly_emails", 0, 10_000, 100_000)
    ctx.charge("E-mails sent", "AmazonSES", "outbound", "email", sent)
    charge_from_usage(
        ctx, "monthly_attachment_gb", "Attachments sent", "AmazonSES", "outbound", "attachment-data"
    )
    charge_from_usage(ctx, "monthly_received_emails", "E-mails received", "AmazonSES", "inbound", "email")
