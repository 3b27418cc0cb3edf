"""The AI budget service on AWS: who reaches it, what it may do, and what runs before new code serves."""

import json
from decimal import Decimal

import pytest

from components import budget_service
from components.settings import parse
from functions.ai_budget.config import parse_config
from functions.ai_budget.tools import build
from tests.components.recorded import record
from tests.components.stack_config import ROOT, STACKS, config

NAME = {stack: parse(config(stack)).budget_service.name for stack in STACKS}


def named(stack, type_, name):
    (found,) = [each.inputs for each in record(stack).of(type_) if each.name == name]
    return found


def function(stack, which="api"):
    return named(stack, "lambda/function:Function", f"budget-service-{which}-function")


def allowed(stack, name):
    """The actions of a role's policy with their resources."""
    policy = json.loads(named(stack, "iam/rolePolicy:RolePolicy", name)["policy"])
    assert {each["Effect"] for each in policy["Statement"]} == {"Allow"}
    return {action: each["Resource"] for each in policy["Statement"] for action in each["Action"]}


@pytest.mark.parametrize("stack", STACKS)
def test_the_function_runs_the_handler_of_the_build_on_arm(stack):
    for which in ("api", "migrator"):
        found = function(stack, which)
        assert found["architectures"] == ["arm64"]
        assert all("aarch64" in platform for platform in build.PLATFORMS)
        assert found["runtime"] == f"python{build.PYTHON}"
        assert found["publish"] is True
        *module, name = found["handler"].split(".")
        assert f"def {name}(event" in (ROOT / "/".join(module)).with_suffix(".py").read_text()


@pytest.mark.parametrize("stack", STACKS)
def test_it_runs_in_the_private_subnets_and_never_beyond_its_concurrency(stack):
    settings = parse(config(stack))
    found = function(stack)
    assert found["vpcConfig"]["subnetIds"] == list(settings.network.private_subnet_ids)
    assert found["reservedConcurrentExecutions"] == settings.budget_service.reserved_concurrency
    assert function(stack, "migrator")["reservedConcurrentExecutions"] == 1
    consumer = record(stack).one("lambda/eventSourceMapping:EventSourceMapping").inputs
    assert 2 <= consumer["scalingConfig"]["maximumConcurrency"] < settings.budget_service.reserved_concurrency


@pytest.mark.parametrize("stack", STACKS)
def test_its_environment_is_what_the_handler_reads_and_holds_secrets_by_arn_only(stack):
    variables = function(stack)["environment"]["variables"]
    handler = (ROOT / "functions/ai_budget/lambda_handlers.py").read_text()
    assert all(f'"{name}"' in handler for name in variables)
    needed = {
        "AI_BUDGET_DATABASE_SECRET_ARN",
        "AI_BUDGET_ADMIN_TOKEN_SECRET_ARN",
        "AI_BUDGET_TRACK_QUEUE_URL",
    }
    assert needed <= variables.keys()
    assert variables["AI_BUDGET_DATABASE_SECRET_ARN"].startswith("arn:aws:secretsmanager:")
    assert variables["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"].startswith("arn:aws:")
    assert record(stack).one("secretsmanager/secret:Secret").inputs.keys().isdisjoint({"secretString"})
    assert "aws:secretsmanager/secretVersion:SecretVersion" not in {
        each.type for each in record(stack).resources
    }
    assert sum(len(name) + len(value) for name, value in variables.items()) < 4096


@pytest.mark.parametrize(
    ("limit", "expected"), [(1000, "1000"), (0.01, "0.01"), (1999.99, "1999.99"), (2000, "2000")]
)
def test_a_new_tenant_gets_the_default_of_the_settings(limit, expected):
    settings = parse(config("prod", {"ai_budget.default_limit": limit}))
    found = parse_config(budget_service.service_config(settings), name="generated")
    assert found.default_monthly_limit_usd == Decimal(expected)
    assert found.default_model == settings.ai_budget.model
    assert found.notifications.model_dump(exclude={"webhooks"}) == settings.budget_service.mail.model_dump()


@pytest.mark.parametrize("stack", STACKS)
def test_the_role_allows_the_calls_of_the_code_on_its_own_resources_and_nothing_else(stack):
    found = allowed(stack, "budget-service-api-permissions")
    queue = f"arn:aws:mock:::{NAME[stack]}-tracks"
    assert found["secretsmanager:GetSecretValue"] == [
        "arn:aws:secretsmanager:mock:::database",
        f"arn:aws:mock:::{NAME[stack]}/admin-tokens",
    ]
    assert found["sqs:SendMessage"] == found["sqs:ReceiveMessage"] == found["sqs:DeleteMessage"] == [queue]
    assert [each.rpartition("/")[2] for each in found["ses:SendEmail"]] == ["finops@teei.io", "teei.io"]
    assert {action for action, resources in found.items() if resources == ["*"]} == {
        action for action in found if action.startswith(("ec2:", "xray:"))
    }
    assert not any("*" in action for action in found)
    assert {action.split(":")[0] for action in found} == {
        "secretsmanager", "sqs", "ses", "logs", "ec2", "xray",
    }  # fmt: skip


def test_the_migrator_may_read_the_database_secret_only():
    found = allowed("prod", "budget-service-migrator-permissions")
    assert {action.split(":")[0] for action in found} == {"secretsmanager", "logs", "ec2", "xray"}
    assert found["secretsmanager:GetSecretValue"] == ["arn:aws:secretsmanager:mock:::database"]


@pytest.mark.parametrize("stack", STACKS)
def test_everything_calls_the_alias_and_the_alias_is_on_the_published_version(stack):
    alias = record(stack).one("lambda/alias:Alias").inputs
    arn = f"arn:aws:mock:::{alias['name']}"
    assert (alias["functionName"], alias["functionVersion"]) == (NAME[stack], "7")
    assert record(stack).one("lambda/eventSourceMapping:EventSourceMapping").inputs["functionName"] == arn
    assert record(stack).one("lb/targetGroupAttachment:TargetGroupAttachment").inputs["targetId"] == arn
    assert {each.inputs["arn"] for each in record(stack).of("cloudwatch/eventTarget:EventTarget")} == {arn}


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_load_balancer_and_the_two_schedules_may_call_the_alias(stack):
    found = [each.inputs for each in record(stack).of("lambda/permission:Permission")]
    assert sorted(each["principal"] for each in found) == [
        "elasticloadbalancing.amazonaws.com",
        "events.amazonaws.com",
        "events.amazonaws.com",
    ]
    assert {each["qualifier"] for each in found} == {"live"}
    assert all(each["sourceArn"].startswith("arn:aws:") for each in found)


@pytest.mark.parametrize("phase", ["pre", "post"])
def test_a_new_version_of_the_migrator_runs_both_phases(phase):
    found = named("prod", "lambda/invocation:Invocation", f"budget-service-migrate-{phase}")
    assert json.loads(found["input"]) == {"task": "migrate", "phase": phase}
    assert found["functionName"] == f"{NAME['prod']}-migrator"
    assert found["qualifier"] == found["triggers"]["version"] == "7"


def test_the_schedules_are_the_tasks_that_the_handler_has():
    handler = (ROOT / "functions/ai_budget/lambda_handlers.py").read_text()
    rates = {
        each.inputs["name"]: each.inputs["scheduleExpression"]
        for each in record("prod").of("cloudwatch/eventRule:EventRule")
    }
    found = {
        json.loads(each.inputs["input"])["task"]: rates[each.inputs["rule"]]
        for each in record("prod").of("cloudwatch/eventTarget:EventTarget")
    }
    assert found == {"outbox": "rate(1 minute)", "tidy": "rate(5 minutes)"}
    assert all(f'"{task}": runtime.{task}' in handler for task in found)


@pytest.mark.parametrize("stack", STACKS)
def test_a_tracked_call_is_hidden_for_six_timeouts_and_ends_among_the_dead_letters(stack):
    queue = named(stack, "sqs/queue:Queue", "budget-service-tracks")
    dead = named(stack, "sqs/queue:Queue", "budget-service-dead-letters")
    assert queue["visibilityTimeoutSeconds"] >= 6 * function(stack)["timeout"]
    redrive = json.loads(queue["redrivePolicy"])
    assert redrive["deadLetterTargetArn"] == f"arn:aws:mock:::{dead['name']}"
    assert redrive["maxReceiveCount"] >= 5
    allow = json.loads(dead["redriveAllowPolicy"])
    assert [arn.rpartition(":")[2] for arn in allow["sourceQueueArns"]] == [queue["name"]]
    for each in (queue, dead):
        assert each["sqsManagedSseEnabled"] is True
        assert each["messageRetentionSeconds"] == 14 * 24 * 3600
    consumer = record(stack).one("lambda/eventSourceMapping:EventSourceMapping").inputs
    assert consumer["functionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_load_balancer_is_inside_and_answers_the_clusters_pods_on_3010_only(stack):
    balancer = record(stack).one("lb/loadBalancer:LoadBalancer").inputs
    assert (balancer["internal"], balancer["loadBalancerType"]) == (True, "application")
    assert balancer["securityGroups"] == [f"{NAME[stack]}-balancer"]
    listener = record(stack).one("lb/listener:Listener").inputs
    assert (listener["port"], listener["protocol"]) == (3010, "HTTP")
    assert record(stack).one("lb/targetGroup:TargetGroup").inputs["targetType"] == "lambda"
    ways = [
        each.inputs
        for each in record(stack).of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if each.inputs["securityGroupId"] == balancer["securityGroups"][0]
    ]
    assert [(way["fromPort"], way["toPort"]) for way in ways] == [(3010, 3010)]
    assert ways[0]["referencedSecurityGroupId"] == parse(config(stack)).network.client_security_group_id
    assert not any(key.startswith("cidr") for key in ways[0])


def test_nothing_reaches_the_functions_and_they_reach_the_database_and_https_only():
    group = f"{NAME['prod']}-functions"
    assert function("prod")["vpcConfig"]["securityGroupIds"] == [group]
    into = [
        each.inputs
        for each in record("prod").of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if each.inputs["securityGroupId"] == group
    ]
    assert into == []
    out = record("prod").of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert {(each.inputs["securityGroupId"], each.inputs["fromPort"]) for each in out} == {
        (group, 443),
        (group, 5432),
    }
    database = named(
        "prod",
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "budget-service-database-from-functions",
    )
    assert (database["referencedSecurityGroupId"], database["fromPort"]) == (group, 5432)


@pytest.mark.parametrize("stack", STACKS)
def test_the_name_of_the_guides_curl_leads_to_the_load_balancer(stack):
    found = record(stack).one("kubernetes:core/v1:Service").inputs
    assert found["metadata"]["name"] == "ai-budget"
    assert found["metadata"]["namespace"] == parse(config(stack)).cluster.namespace
    assert found["spec"]["type"] == "ExternalName"
    assert found["spec"]["externalName"] == f"{NAME[stack]}.elb.mock"
    assert [port["port"] for port in found["spec"]["ports"]] == [3010]


@pytest.mark.parametrize(
    ("metric", "dimension", "threshold"),
    [
        ("Errors", {"FunctionName": NAME["prod"]}, 0),
        ("Throttles", {"FunctionName": NAME["prod"]}, 0),
        ("ApproximateNumberOfMessagesVisible", {"QueueName": f"{NAME['prod']}-dead-letters"}, 0),
        ("ApproximateAgeOfOldestMessage", {"QueueName": f"{NAME['prod']}-tracks"}, 900),
        ("UnpricedCalls", {"FunctionName": NAME["prod"]}, 0),
        ("NoticesFailed", {"FunctionName": NAME["prod"]}, 0),
        ("HTTPCode_Target_5XX_Count", {"LoadBalancer": f"app/{NAME['prod']}/mock"}, 10),
    ],
)
def test_an_alarm_on_each_way_it_fails_tells_operations(metric, dimension, threshold):
    (found,) = [
        each.inputs
        for each in record("prod").of("cloudwatch/metricAlarm:MetricAlarm")
        if each.inputs["metricName"] == metric
    ]
    assert (found["comparisonOperator"], found["threshold"]) == ("GreaterThanThreshold", threshold)
    assert found["dimensions"] == dimension
    assert found["treatMissingData"] == "notBreaching"
    assert found["alarmActions"] == ["arn:aws:mock:::finops-operations-teei-prod-us-east-1"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_logs_of_every_function_end(stack):
    groups = {
        each.inputs["name"]: each.inputs["retentionInDays"]
        for each in record(stack).of("cloudwatch/logGroup:LogGroup")
    }
    for each in record(stack).of("lambda/function:Function"):
        assert groups[f"/aws/lambda/{each.inputs['name']}"] == 30
