"""Step Functions and EventBridge."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
    resource,
)

BUS = "aws:cloudwatch/eventBus:EventBus"
DESTINATION = "aws:cloudwatch/eventApiDestination:EventApiDestination"
MACHINE = "aws:sfn/stateMachine:StateMachine"
PIPE = "aws:pipes/pipe:Pipe"
SCHEDULE = "aws:scheduler/schedule:Schedule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


def test_a_standard_workflow_bills_transitions():
    it = estimate_of(MACHINE, {}, region=EU, usage={"monthly_transitions": 250_000})
    assert amounts_by_name(it) == {
        "State transitions": 250 * price("AmazonStates", "standard", "transitions", EU)
    }


def test_an_express_workflow_bills_steps_of_100_ms_and_64_mb():
    usage = {"monthly_requests": 3_600_000, "request_duration_ms": 950, "average_memory_mb": 65}
    it = estimate_of(MACHINE, {"type": "EXPRESS"}, usage=usage)
    assert amounts_by_name(it) == {
        "Express requests": D("3.6") * price("AmazonStates", "express", "requests"),
        "Express duration (0 to 1,000)": 125 * price("AmazonStates", "express", "duration"),
    }


def test_an_express_workflow_without_a_price_is_unpriced_by_name():
    it = estimate_of(MACHINE, {"type": "EXPRESS"}, region=EU)
    assert it.reason == "no price in this region: AmazonStates express requests in eu-central-1"


def test_a_bus_bills_events_in_chunks_and_its_archive_from_usage():
    usage = {
        "monthly_custom_events": 2_000_000,
        "event_size_kb": 100,
        "monthly_archive_processed_gb": 5,
        "archive_storage_gb": 20,
        "monthly_replayed_events": 1_000_000,
    }
    assert amounts_by_name(estimate_of(BUS, {}, usage=usage)) == {
        "Custom events": 4 * price("AWSEvents", "event-bus", "custom-events"),
        "Events archived": 5 * price("AWSEvents", "event-bus", "archive-processing"),
        "Archive storage": 20 * price("AWSEvents", "event-bus", "archive-storage"),
        "Events replayed": price("AWSEvents", "event-bus", "replayed-events"),
    }
    assert estimate_of(BUS, {}, region=EU).state == "usage"
    assert "archive-storage" in estimate_of(BUS, {}, region=EU, usage={"archive_storage_gb": 1}).reason


def test_only_an_api_destination_is_billed_as_a_target():
    calls = price("AWSEvents", "api-destinations", "invocations")
    destination = resource(DESTINATION, {}, name="crm")
    joined = estimate_of(
        TARGET,
        {"rule": "r", "arn": UNKNOWN},
        destination,
        depends_on={"arn": (DESTINATION, "crm")},
    )
    assert joined.after.expected == calls
    named = {"rule": "r", "arn": "arn:aws:events:us-east-1:1:api-destination/crm/1"}
    from_usage = estimate_of(TARGET, named, usage={"monthly_api_destination_invocations": 4_000_000})
    assert amounts_by_name(from_usage) == {"API destination calls": 4 * calls}
    assert dollars(estimate_of(TARGET, {"rule": "r", "arn": "arn:aws:lambda:us-east-1:1:function:f"})) == 0
    unknown = estimate_of(TARGET, {"rule": "r", "arn": UNKNOWN})
    assert dollars(unknown) == 0
    assert "assumed not to be an API destination" in unknown.notes[0]


def test_a_schedule_is_billed_for_its_expression():
    rate = price("AWSEvents", "scheduler", "invocations")
    it = estimate_of(SCHEDULE, {"scheduleExpression": "rate(5 minutes)"})
    assert amounts_by_name(it) == {"Invocations": D("0.00876") * rate}
    assert not it.after.assumed
    from_usage = estimate_of(
        SCHEDULE, {"scheduleExpression": UNKNOWN}, usage={"monthly_invocations": 2_000_000}
    )
    assert amounts_by_name(from_usage) == {"Invocations": 2 * rate}
    off = estimate_of(SCHEDULE, {"scheduleExpression": "rate(5 minutes)", "state": "DISABLED"})
    assert dollars(off) == 0


@pytest.mark.parametrize(
    ("expression", "region", "reason"),
    [
        ("now and then", "us-east-1", "value unknown until deploy: scheduleExpression 'now and then'"),
        (UNKNOWN, "us-east-1", "value unknown until deploy: scheduleExpression"),
        ("rate(1 day)", EU, "no price in this region: AWSEvents scheduler invocations"),
    ],
)
def test_a_schedule_that_cannot_be_priced_has_a_reason(expression, region, reason):
    assert estimate_of(SCHEDULE, {"scheduleExpression": expression}, region=region).reason.startswith(reason)


def test_a_pipe_bills_requests_in_chunks():
    it = estimate_of(PIPE, {}, usage={"monthly_requests": 1_000_000, "request_size_kb": 129})
    assert amounts_by_name(it) == {"Requests": 3 * price("AWSEvents", "pipes", "requests")}


def test_an_express_workflow_has_three_tiers_of_duration():
    """The amounts that Infracost expects for the same 29,687.5 GB-hours: 60.01, 119.95 and 405.27."""
    usage = {"monthly_requests": 100_000_000, "request_duration_ms": 2_000, "average_memory_mb": 547}
    duration = [
        (line.quantity.expected, round(line.amount.expected, 2))
        for line in after_lines(estimate_of(MACHINE, {"type": "EXPRESS"}, usage=usage))
        if line.what.startswith("Express duration")
    ]
    assert duration[:2] == [(D(1_000), D("60.01")), (D(4_000), D("119.95"))]
    assert duration[2] == (D("26250"), D("430.92"))
