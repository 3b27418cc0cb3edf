"""What holds for every function of a stack, and for everything that invokes one asynchronously."""

import json

import pytest

from components.settings import parse
from tests.components.recorded import record
from tests.components.stack_config import STACKS, config

pytestmark = pytest.mark.parametrize("stack", STACKS)


def inputs(stack, type_):
    return [resource.inputs for resource in record(stack).of(type_)]


def service_inputs(stack, type_):
    return [resource.inputs for resource in record(stack).part("ai-budget-service").of(type_)]


def functions(stack):
    return inputs(stack, "lambda/function:Function")


def event_configurations(stack):
    """The configurations of asynchronous invocations by function and qualifier."""
    configurations = inputs(stack, "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    return {(item["functionName"], item.get("qualifier")): item for item in configurations}


def test_the_logs_of_every_function_have_a_retention(stack):
    groups = {
        group["name"]: group["retentionInDays"] for group in inputs(stack, "cloudwatch/logGroup:LogGroup")
    }
    for function in functions(stack):
        assert groups[f"/aws/lambda/{function['name']}"] == 30


def test_every_function_has_reserved_concurrency(stack):
    for function in functions(stack):
        assert function["reservedConcurrentExecutions"] >= 1


def test_every_function_and_scheduled_alias_limits_the_retries_and_the_age_of_asynchronous_events(stack):
    arns = {target["arn"] for target in inputs(stack, "cloudwatch/eventTarget:EventTarget")}
    qualified = {tuple(arn.split(":")[-2:]) for arn in arns}
    assert event_configurations(stack).keys() == qualified | {
        (item["name"], None) for item in functions(stack)
    }
    for configuration in event_configurations(stack).values():
        assert configuration["maximumRetryAttempts"] <= 1
        assert 60 <= configuration["maximumEventAgeInSeconds"] <= 3600


def test_an_event_that_failed_or_could_not_be_delivered_is_kept_in_the_queue_of_failed_tasks(stack):
    (queue,) = [
        item for item in service_inputs(stack, "sqs/queue:Queue") if item["name"].endswith("-failed-tasks")
    ]
    arn = f"arn:aws:mock:::{queue['name']}"
    name = parse(config(stack)).ai_budget_service.name
    live = event_configurations(stack)[name, "live"]
    assert live["destinationConfig"] == {"onFailure": {"destination": arn}}
    for target in service_inputs(stack, "cloudwatch/eventTarget:EventTarget"):
        assert target["deadLetterConfig"] == {"arn": arn}
        assert target["retryPolicy"] == {"maximumRetryAttempts": 1, "maximumEventAgeInSeconds": 300}


def test_only_the_rules_of_the_stack_may_send_to_the_queue_of_failed_tasks(stack):
    (policy,) = inputs(stack, "sqs/queuePolicy:QueuePolicy")
    (statement,) = json.loads(policy["policy"])["Statement"]
    rules = {
        f"arn:aws:mock:::{rule['name']}" for rule in service_inputs(stack, "cloudwatch/eventRule:EventRule")
    }
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert set(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == rules


def test_the_code_of_a_function_may_not_use_the_network_permissions_of_lambda(stack):
    for function in functions(stack):
        policies = inputs(stack, "iam/rolePolicy:RolePolicy")
        (document,) = [json.loads(item["policy"]) for item in policies if item["role"] == function["name"]]
        (denied,) = [item for item in document["Statement"] if item["Effect"] == "Deny"]
        (arn,) = denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]
        assert arn.endswith(f":123456789012:function:{function['name']}")
        granted = [item for item in document["Statement"] if item["Resource"] == ["*"] and item != denied]
        assert denied["Action"] in [item["Action"] for item in granted]


def test_a_secret_of_staging_is_deleted_at_once_and_one_of_prod_can_be_restored(stack):
    """A deleted secret keeps its name for its recovery window, and `up` after `destroy` would fail."""
    for secret in inputs(stack, "secretsmanager/secret:Secret"):
        assert secret["recoveryWindowInDays"] == (0 if stack == "staging" else 30)
