"""The topics: who may publish to them, and who hears of it."""

import json

import pytest

from tests.components.recorded import record
from tests.components.stack_config import STACKS


def publishers(stack):
    """The services that may publish, and on whose behalf, by the topic's name."""
    found = {}
    for each in record(stack).of("sns/topicPolicy:TopicPolicy"):
        (statement,) = json.loads(each.inputs["policy"])["Statement"]
        assert statement["Action"] == "sns:Publish"
        assert statement["Resource"] == each.inputs["arn"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
        found[each.inputs["arn"].rsplit(":", 1)[1]] = set(statement["Principal"]["Service"])
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_alarms_reach_the_stacks_own_topic_from_this_account_only(stack):
    (operations,) = [name for name in publishers(stack) if name.startswith("finops-operations-")]
    assert publishers(stack)[operations] == {"cloudwatch.amazonaws.com"}


def test_budgets_and_anomalies_reach_the_cost_topic():
    assert publishers("prod")["finops-cost-alerts"] == {"budgets.amazonaws.com", "costalerts.amazonaws.com"}


@pytest.mark.parametrize("stack", STACKS)
def test_people_are_subscribed_by_mail(stack):
    subscriptions = [each.inputs for each in record(stack).of("sns/topicSubscription:TopicSubscription")]
    assert {each["protocol"] for each in subscriptions} == {"email"}
    expected = {"oncall@teei.io", "finops@teei.io"} if stack == "prod" else {"oncall@teei.io"}
    assert {each["endpoint"] for each in subscriptions} == expected
