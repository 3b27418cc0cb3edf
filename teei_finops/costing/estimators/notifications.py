"""Amazon SNS topics and subscriptions, Amazon SES."""

from __future__ import annotations

from teei_finops.costing.amounts import NOTHING, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated

TOPIC = "aws:sns/topic:Topic"
CHUNK_KB = 64  # each 64 KB of payload is one request or delivery; SNS pricing page, 2026-10
KB_PER_GB = 1024 * 1024
REQUESTS = (0, 1_000_000, 10_000_000)
SIZE_KB = (1, 1, CHUNK_KB)
E_MAILS_TO_PEOPLE = (0, 100, 1_000)  # what one reads: a topic of alerts

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
def topic(r: Subject) -> None:
    """Publish requests, and the deliveries that are stated on the topic rather than on its subscriptions."""
    fifo = r.flag("fifoTopic")
    requests = r.usage("monthly_requests", *REQUESTS)
    size = r.usage("request_size_kb", *SIZE_KB)
    chunks = requests * size.chunks(CHUNK_KB)
    if fifo:
        r.charge("FIFO requests", "AmazonSNS", "fifo", "requests", chunks)
        r.charge("FIFO payload", "AmazonSNS", "fifo", "publish-payload", requests * size / KB_PER_GB)
    else:
        r.charge(
            "Standard requests", "AmazonSNS", "standard", "requests", chunks, allowance="publish-requests"
        )
    for key, usage_key in dict.fromkeys(PROTOCOLS.values()):
        deliveries = r.stated(usage_key)
        if deliveries is not None:
            _deliveries(r, key, deliveries, size, fifo)
    charge_stated(
        r, "monthly_payload_filtering_gb", "Payload filtering", "AmazonSNS", "standard", "payload-filtering"
    )


@estimates("aws:sns/topicSubscription:TopicSubscription")
def subscription(r: Subject) -> None:
    """Each message of the topic once, unless the profile states deliveries here or on the topic."""
    protocol = r.text("protocol")
    key, usage_key = PROTOCOLS.get(protocol, (protocol, ""))
    found = _topic(r, protocol)
    deliveries = r.stated("monthly_deliveries")
    if deliveries is None and found is not None and usage_key:
        if found.stated(usage_key) is not None:
            r.note(f"its deliveries are in {usage_key} of topic {found.name}")
            deliveries = NOTHING
        elif key != "email":
            deliveries = found.stated("monthly_requests")
    if deliveries is None:
        deliveries = r.usage("monthly_deliveries", *(E_MAILS_TO_PEOPLE if key == "email" else REQUESTS))
    size = r.usage("delivery_size_kb", *SIZE_KB)
    _deliveries(r, key, deliveries, size, found is not None and found.flag("fifoTopic"))


def _topic(r: Subject, protocol: str) -> Subject | None:
    """A FIFO topic delivers to queues only: elsewhere the price does not depend on which topic it is."""
    try:
        return r.related("topic", TOPIC)
    except Unpriced:
        if protocol == "sqs":
            raise
        return None


def _deliveries(r: Subject, key: str, deliveries: Range, size: Range, fifo: bool) -> None:
    if fifo:
        r.charge("FIFO messages delivered", "AmazonSNS", "fifo", "subscription-messages", deliveries)
        payload = deliveries * size / KB_PER_GB
        r.charge("FIFO payload delivered", "AmazonSNS", "fifo", "subscription-payload", payload)
        return
    allowance = "delivery-http" if key == "http" else None
    chunks = deliveries * size.chunks(CHUNK_KB)
    r.charge(f"Deliveries to {key}", "AmazonSNS", "delivery", key, chunks, allowance=allowance)


@estimates("aws:ses/domainIdentity:DomainIdentity", "aws:sesv2/emailIdentity:EmailIdentity")
def email_identity(r: Subject) -> None:
    """E-mails sent; attachments and e-mails received when they are stated."""
    sent = r.usage("monthly_emails", 0, 10_000, 100_000)
    r.charge("E-mails sent", "AmazonSES", "outbound", "email", sent)
    charge_stated(r, "monthly_attachment_gb", "Attachments sent", "AmazonSES", "outbound", "attachment-data")
    charge_stated(r, "monthly_received_emails", "E-mails received", "AmazonSES", "inbound", "email")
