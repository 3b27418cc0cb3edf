"""The alert topics: publishers and subscriptions."""

import json

import pytest

from tests.components.recorded import record
from tests.components.stack_config import STACKS


def publishers(stack):
    """The services that may publish for this account, by the name of the topic."""
    services = {}
    for resource in record(stack).of("sns/topicPolicy:TopicPolicy"):
        (statement,) = json.loads(resource.inputs["policy"])["Statement"]
        assert statement["Action"] == "sns:Publish"
        assert statement["Resource"] == resource.inputs["arn"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
        services[resource.inputs["arn"].rsplit(":", 1)[1]] = set(statement["Principal"]["Service"])
    return services


@pytest.mark.parametrize("stack", STACKS)
def test_only_cloudwatch_of_this_account_publishes_to_the_alarm_topic(stack):
    (alarms,) = [name for name in publishers(stack) if name.startswith("finops-alarms-")]
    assert publishers(stack)[alarms] == {"cloudwatch.amazonaws.com"}


def test_budgets_and_anomaly_detection_publish_to_the_cost_topic():
    assert publishers("prod")["finops-cost-alerts"] == {"budgets.amazonaws.com", "costalerts.amazonaws.com"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_recipients_are_subscribed_by_email(stack):
    subscriptions = [
        resource.inputs for resource in record(stack).of("sns/topicSubscription:TopicSubscription")
    ]
    assert {subscription["protocol"] for subscription in subscriptions} == {"email"}
    expected = {"oncall@teei.io", "finops@teei.io"} if stack == "prod" else {"oncall@teei.io"}
    assert {subscription["endpoint"] for subscription in subscriptions} == expected
