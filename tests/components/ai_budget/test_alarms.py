"""Each kind of failure has an alarm, and none that an item which stays would keep in ALARM."""

import pytest

from components.settings import parse
from tests.components.recorded import record
from tests.components.stack_config import STACKS, config

NAME = {stack: parse(config(stack)).ai_budget_service.name for stack in STACKS}


def alarms(stack):
    """The service's alarms by the last part of their names."""
    resources = record(stack).of("cloudwatch/metricAlarm:MetricAlarm")
    prefix = f"{NAME[stack]}-"
    return {
        resource.inputs["name"].removeprefix(prefix): resource.inputs
        for resource in resources
        if resource.name.startswith("ai-budget-service-")
    }


def watched(alarm):
    """The metric of an alarm: its own, or the only one of its queries."""
    if "metricName" in alarm:
        return alarm
    (metric,) = [query["metric"] for query in alarm["metricQueries"] if "metric" in query]
    return metric


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(
    ("alarm", "metric", "dimension", "threshold"),
    [
        ("errors", "Errors", {"FunctionName": "{name}"}, 0),
        ("throttles", "Throttles", {"FunctionName": "{name}"}, 0),
        ("dead-letters", "ApproximateNumberOfMessagesVisible", {"QueueName": "{name}-dead-letters"}, 0),
        ("dead-letter-age", "ApproximateAgeOfOldestMessage", {"QueueName": "{name}-dead-letters"}, 604800),
        ("failed-tasks", "ApproximateNumberOfMessagesVisible", {"QueueName": "{name}-failed-tasks"}, 0),
        ("queue-age", "ApproximateAgeOfOldestMessage", {"QueueName": "{name}-tracks"}, 900),
        ("unpriced-calls", "UnpricedCalls", {"FunctionName": "{name}"}, 0),
        ("notices-failed", "NoticesFailed", {"FunctionName": "{name}"}, 0),
        ("responses-5xx", "HTTPCode_Target_5XX_Count", {"LoadBalancer": "app/{name}/mock"}, 10),
        ("load-balancer-5xx", "HTTPCode_ELB_5XX_Count", {"LoadBalancer": "app/{name}/mock"}, 10),
    ],
)
def test_each_kind_of_failure_has_an_alarm(stack, alarm, metric, dimension, threshold):
    inputs = alarms(stack)[alarm]
    assert watched(inputs)["metricName"] == metric
    assert watched(inputs)["dimensions"] == {
        key: value.format(name=NAME[stack]) for key, value in dimension.items()
    }
    assert (inputs["comparisonOperator"], inputs["threshold"]) == ("GreaterThanThreshold", threshold)
    assert inputs["treatMissingData"] == "notBreaching"
    environment = {"prod": "prod-us-east-1", "prod-eu": "prod-eu-central-1", "staging": "staging-us-east-1"}
    topic = f"arn:aws:mock:::finops-alarms-teei-{environment[stack]}"
    assert inputs["alarmActions"] == inputs["okActions"] == [topic]


@pytest.mark.parametrize("stack", STACKS)
def test_an_alarm_on_the_size_of_a_queue_is_on_its_growth(stack):
    sizes = [alarm for alarm in alarms(stack).values() if "MessagesVisible" in watched(alarm)["metricName"]]
    assert len(sizes) == 2
    for alarm in sizes:
        (growth,) = [query for query in alarm["metricQueries"] if query.get("returnData")]
        assert growth["expression"] == "DIFF(FILL(size, 0))"
        assert [query["id"] for query in alarm["metricQueries"]] == ["size", "growth"]
        assert (alarm["evaluationPeriods"], alarm["datapointsToAlarm"]) == (6, 1)


@pytest.mark.parametrize("stack", STACKS)
def test_every_dead_letter_queue_has_an_alarm_on_its_growth(stack):
    queues = {resource.inputs["name"] for resource in record(stack).of("sqs/queue:Queue")}
    targets = {
        watched(alarm)["dimensions"].get("QueueName")
        for alarm in alarms(stack).values()
        if "metricQueries" in alarm
    }
    assert targets == queues - {f"{NAME[stack]}-tracks"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_age_of_a_dead_letter_is_reported_before_sqs_deletes_it(stack):
    (queue,) = [
        resource.inputs
        for resource in record(stack).of("sqs/queue:Queue")
        if resource.inputs["name"].endswith("dead-letters")
    ]
    assert alarms(stack)["dead-letter-age"]["threshold"] < queue["messageRetentionSeconds"]
