"""The AI budget service on AWS: network access, permissions, deployment order, queue and alarms."""

import json
from decimal import Decimal

import pytest

from components.ai_budget import service as budget_service
from components.settings import parse
from functions.ai_budget.config import parse_config
from functions.tools import build
from tests.components.recorded import record
from tests.components.stack_config import ROOT, STACKS, config

NAME = {stack: parse(config(stack)).ai_budget_service.name for stack in STACKS}


def named(stack, type_, name):
    (inputs,) = [resource.inputs for resource in record(stack).of(type_) if resource.name == name]
    return inputs


def function(stack, which="api"):
    return named(stack, "lambda/function:Function", f"ai-budget-service-{which}-function")


@pytest.mark.parametrize("stack", STACKS)
def test_the_function_runs_the_handler_of_the_build_on_arm(stack):
    for which in ("api", "migrator"):
        inputs = function(stack, which)
        assert inputs["architectures"] == ["arm64"]
        assert all("aarch64" in platform for platform in build.PLATFORMS)
        assert inputs["runtime"] == f"python{build.PYTHON}"
        assert inputs["publish"] is True
        *module, name = inputs["handler"].split(".")
        assert f"def {name}(event" in (ROOT / "/".join(module)).with_suffix(".py").read_text()


@pytest.mark.parametrize("stack", STACKS)
def test_the_function_runs_in_the_private_subnets_within_its_reserved_concurrency(stack):
    settings = parse(config(stack))
    api = function(stack)
    assert api["vpcConfig"]["subnetIds"] == list(settings.network.private_subnet_ids)
    assert api["reservedConcurrentExecutions"] == settings.ai_budget_service.reserved_concurrency
    assert function(stack, "migrator")["reservedConcurrentExecutions"] == 1
    consumer = record(stack).one("lambda/eventSourceMapping:EventSourceMapping").inputs
    assert (
        2 <= consumer["scalingConfig"]["maximumConcurrency"] < settings.ai_budget_service.reserved_concurrency
    )


@pytest.mark.parametrize(
    ("limit", "expected"), [(1000, "1000"), (0.01, "0.01"), (1999.99, "1999.99"), (2000, "2000")]
)
def test_a_new_tenant_gets_the_default_of_the_settings(limit, expected):
    settings = parse(config("prod", {"ai_budget.default_limit": limit}))
    service_config = parse_config(budget_service.service_config(settings), name="generated")
    assert service_config.default_monthly_limit_usd == Decimal(expected)
    assert service_config.default_model == settings.ai_budget.model
    notifications = service_config.notifications.model_dump(exclude={"webhooks"})
    assert notifications == settings.ai_budget_service.mail.model_dump()


@pytest.mark.parametrize("stack", STACKS)
def test_all_callers_use_the_alias_and_the_alias_has_the_published_version(stack):
    service = record(stack).part("ai-budget")
    alias = service.one("lambda/alias:Alias").inputs
    arn = f"arn:aws:mock:::{NAME[stack]}:{alias['name']}"
    assert (alias["functionName"], alias["functionVersion"]) == (NAME[stack], "7")
    assert record(stack).one("lambda/eventSourceMapping:EventSourceMapping").inputs["functionName"] == arn
    assert service.one("lb/targetGroupAttachment:TargetGroupAttachment").inputs["targetId"] == arn
    assert {resource.inputs["arn"] for resource in service.of("cloudwatch/eventTarget:EventTarget")} == {arn}


@pytest.mark.parametrize("phase", ["pre", "post"])
def test_a_new_version_of_the_migrator_runs_both_phases(phase):
    invocation = named("prod", "lambda/invocation:Invocation", f"ai-budget-service-migrate-{phase}")
    assert json.loads(invocation["input"]) == {"task": "migrate", "phase": phase}
    assert invocation["functionName"] == f"{NAME['prod']}-migrator"
    assert invocation["qualifier"] == invocation["triggers"]["version"] == "7"


def test_every_scheduled_task_exists_in_the_handler():
    handler = (ROOT / "functions/ai_budget/lambda_handlers.py").read_text()
    rates = {
        resource.inputs["name"]: resource.inputs["scheduleExpression"]
        for resource in record("prod").part("ai-budget").of("cloudwatch/eventRule:EventRule")
    }
    schedules = {
        json.loads(resource.inputs["input"])["task"]: rates[resource.inputs["rule"]]
        for resource in record("prod").part("ai-budget").of("cloudwatch/eventTarget:EventTarget")
    }
    assert schedules == {"outbox": "rate(1 minute)", "tidy": "rate(5 minutes)"}
    assert all(f'"{task}": runtime.{task}' in handler for task in schedules)


@pytest.mark.parametrize("stack", STACKS)
def test_a_message_is_hidden_for_six_timeouts_and_then_moves_to_the_dead_letter_queue(stack):
    queue = named(stack, "sqs/queue:Queue", "ai-budget-service-tracks")
    dead = named(stack, "sqs/queue:Queue", "ai-budget-service-dead-letters")
    assert queue["visibilityTimeoutSeconds"] >= 6 * function(stack)["timeout"]
    redrive = json.loads(queue["redrivePolicy"])
    assert redrive["deadLetterTargetArn"] == f"arn:aws:mock:::{dead['name']}"
    assert redrive["maxReceiveCount"] >= 5
    allow = json.loads(dead["redriveAllowPolicy"])
    assert [arn.rpartition(":")[2] for arn in allow["sourceQueueArns"]] == [queue["name"]]
    for inputs in (queue, dead):
        assert inputs["sqsManagedSseEnabled"] is True
        assert inputs["messageRetentionSeconds"] == 14 * 24 * 3600
    consumer = record(stack).one("lambda/eventSourceMapping:EventSourceMapping").inputs
    assert consumer["functionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_host_of_the_guides_curl_examples_is_the_load_balancer(stack):
    host = record(stack).one("kubernetes:core/v1:Service").inputs
    assert host["metadata"]["name"] == "ai-budget"
    assert host["metadata"]["namespace"] == parse(config(stack)).cluster.namespace
    assert host["spec"]["type"] == "ExternalName"
    assert host["spec"]["externalName"] == f"{NAME[stack]}.elb.mock"
    assert [port["port"] for port in host["spec"]["ports"]] == [3010]
