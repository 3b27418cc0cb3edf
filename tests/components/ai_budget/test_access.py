"""Who may call the AI budget service, and what its functions may do."""

import contextlib
import json

import pytest

from components.ai_budget import service as budget_service
from components.settings import SettingsError, parse
from functions.ai_budget.config import parse_config
from tests.components.recorded import record
from tests.components.stack_config import ROOT, STACKS, config

NAME = {stack: parse(config(stack)).ai_budget_service.name for stack in STACKS}


def named(stack, type_, name):
    (inputs,) = [resource.inputs for resource in record(stack).of(type_) if resource.name == name]
    return inputs


def function(stack, which="api"):
    return named(stack, "lambda/function:Function", f"ai-budget-service-{which}-function")


def allowed(stack, name):
    """The actions of a role's policy with their resources."""
    policy = json.loads(named(stack, "iam/rolePolicy:RolePolicy", name)["policy"])
    permissions = {}
    for statement in policy["Statement"]:
        for action in statement["Action"] if statement["Effect"] == "Allow" else ():
            permissions.setdefault(action, []).extend(statement["Resource"])
    return permissions


def caller_secrets(stack):
    callers = parse(config(stack)).ai_budget_service.callers
    return [f"arn:aws:mock:::{NAME[stack]}/callers/{caller.name}" for caller in callers]


def database_user(stack, user):
    region = parse(config(stack)).region
    return f"arn:aws:rds-db:{region}:123456789012:dbuser:db-MOCK/{user}"


@pytest.mark.parametrize("stack", STACKS)
def test_the_environment_is_what_the_handler_reads_and_has_secrets_by_arn_only(stack):
    variables = function(stack)["environment"]["variables"]
    code = "".join(path.read_text() for path in (ROOT / "functions/ai_budget/aws").glob("*.py"))
    assert {name for name in variables if f'"{name}"' not in code} == set()
    assert {"AI_BUDGET_ADMIN_TOKEN_SECRET_ARN", "AI_BUDGET_TRACK_QUEUE_URL"} <= variables.keys()
    assert variables["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"].startswith("arn:aws:")
    assert "aws:secretsmanager/secretVersion:SecretVersion" not in {
        resource.type for resource in record(stack).resources
    }
    assert sum(len(name) + len(value) for name, value in variables.items()) < 4096


@pytest.mark.parametrize("stack", STACKS)
def test_the_role_allows_the_calls_of_the_code_on_its_own_resources_and_nothing_else(stack):
    permissions = allowed(stack, "ai-budget-service-api-permissions")
    queue = f"arn:aws:mock:::{NAME[stack]}-tracks"
    assert permissions["secretsmanager:GetSecretValue"] == [
        f"arn:aws:mock:::{NAME[stack]}/admin-tokens",
        *caller_secrets(stack),
    ]
    assert permissions["rds-db:connect"] == [database_user(stack, "ai_budget_api")]
    assert permissions["sqs:ReceiveMessage"] == permissions["sqs:DeleteMessage"] == [queue]
    assert permissions["sqs:SendMessage"] == [queue, f"arn:aws:mock:::{NAME[stack]}-failed-tasks"]
    assert [identity.rpartition("/")[2] for identity in permissions["ses:SendEmail"]] == [
        "finops@teei.io",
        "teei.io",
    ]
    assert {action for action, resources in permissions.items() if resources == ["*"]} == {
        action for action in permissions if action.startswith(("ec2:", "xray:"))
    }
    assert not any("*" in action for action in permissions)
    assert {action.split(":")[0] for action in permissions} == {
        "rds-db",
        "secretsmanager",
        "sqs",
        "ses",
        "logs",
        "ec2",
        "xray",
    }


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_migrator_may_read_the_password_of_the_master_user_and_it_reads_no_token(stack):
    permissions = allowed(stack, "ai-budget-service-migrator-permissions")
    assert {action.split(":")[0] for action in permissions} == {
        "rds-db", "secretsmanager", "logs", "ec2", "xray",
    }  # fmt: skip
    assert permissions["rds-db:connect"] == [database_user(stack, "ai_budget_owner")]
    assert permissions["secretsmanager:GetSecretValue"] == ["arn:aws:secretsmanager:mock:::database"]
    assert permissions["secretsmanager:DescribeSecret"] == caller_secrets(stack)
    assert permissions["secretsmanager:PutSecretValue"] == caller_secrets(stack)
    assert "AI_BUDGET_DATABASE_SECRET_ARN" in function(stack, "migrator")["environment"]["variables"]
    assert "AI_BUDGET_DATABASE_SECRET_ARN" not in function(stack)["environment"]["variables"]


@pytest.mark.parametrize("stack", STACKS)
def test_each_caller_has_a_secret_without_a_value_and_its_tenants_in_the_configuration(stack):
    callers = parse(config(stack)).ai_budget_service.callers
    secrets = [resource.inputs for resource in record(stack).of("secretsmanager/secret:Secret")]
    names = [secret["name"] for secret in secrets if "/callers/" in secret["name"]]
    assert names == [f"{NAME[stack]}/callers/{caller.name}" for caller in callers]
    assert not [secret for secret in secrets if "secretString" in secret]
    for which in ("api", "migrator"):
        variables = function(stack, which)["environment"]["variables"]
        configured = parse_config(variables["AI_BUDGET_CONFIG"], name="AI_BUDGET_CONFIG").callers
        assert [(caller.name, caller.tenants) for caller in configured] == [
            (caller.name, caller.tenants) for caller in callers
        ]
        assert not [caller for caller in configured if caller.sha256]
        prefix = variables["AI_BUDGET_CALLER_SECRET_PREFIX"]
        assert names == [f"{prefix}{caller.name}" for caller in callers]


@pytest.mark.parametrize("length", [1, 2, 40, 128])
def test_the_longest_callers_that_the_settings_allow_fit_into_the_environment_of_a_function(length):
    callers = [
        {"name": f"caller-{number:02}", "tenants": [f"{tenant:x<{length}}" for tenant in "abcd"]}
        for number in range(50)
    ]
    with pytest.raises(SettingsError, match="use prefixes"):
        parse(config("prod", {"ai_budget_service.callers": callers}))
    settings = None
    while settings is None:
        callers.pop()
        with contextlib.suppress(SettingsError):
            settings = parse(config("prod", {"ai_budget_service.callers": callers}))
    variables = function("prod")["environment"]["variables"]
    text = variables | {"AI_BUDGET_CONFIG": budget_service.service_config(settings)}
    assert 2400 < sum(len(name) + len(value) for name, value in text.items()) < 4000


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_load_balancer_and_the_two_schedules_may_call_the_alias(stack):
    permissions = [
        resource.inputs for resource in record(stack).part("ai-budget").of("lambda/permission:Permission")
    ]
    assert sorted(permission["principal"] for permission in permissions) == [
        "elasticloadbalancing.amazonaws.com",
        "events.amazonaws.com",
        "events.amazonaws.com",
    ]
    assert {permission["qualifier"] for permission in permissions} == {"live"}
    assert all(permission["sourceArn"].startswith("arn:aws:") for permission in permissions)


@pytest.mark.parametrize("stack", STACKS)
def test_the_load_balancer_is_internal_and_accepts_the_pods_on_its_two_ports_only(stack):
    load_balancer = record(stack).one("lb/loadBalancer:LoadBalancer").inputs
    assert (load_balancer["internal"], load_balancer["loadBalancerType"]) == (True, "application")
    assert load_balancer["securityGroups"] == [f"{NAME[stack]}-load-balancer"]
    assert load_balancer["dropInvalidHeaderFields"] is True
    assert record(stack).part("ai-budget").one("lb/targetGroup:TargetGroup").inputs["targetType"] == "lambda"
    rules = [
        resource.inputs
        for resource in record(stack).of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if resource.inputs["securityGroupId"] == load_balancer["securityGroups"][0]
    ]
    assert [(rule["fromPort"], rule["toPort"]) for rule in rules] == [(3010, 3010), (443, 443)]
    clients = parse(config(stack)).network.client_security_group_id
    assert {rule["referencedSecurityGroupId"] for rule in rules} == {clients}
    assert not any(key.startswith("cidr") for rule in rules for key in rule)


@pytest.mark.parametrize("stack", STACKS)
def test_the_load_balancer_ends_tls_with_the_certificate_of_the_settings(stack):
    https = parse(config(stack)).ai_budget_service.https
    plain, secure = (resource.inputs for resource in record(stack).of("lb/listener:Listener"))
    assert (plain["port"], plain["protocol"]) == (3010, "HTTP")
    assert (secure["port"], secure["protocol"]) == (443, "HTTPS")
    assert secure["certificateArn"] == https.certificate_arn
    assert secure["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert secure["defaultActions"] == plain["defaultActions"]
    variables = function(stack)["environment"]["variables"]
    service = parse_config(variables["AI_BUDGET_CONFIG"], name="AI_BUDGET_CONFIG")
    assert service.https_url == f"https://{https.host}"


def test_nothing_connects_to_the_functions_and_they_connect_to_the_database_and_https_only():
    group = f"{NAME['prod']}-functions"
    assert function("prod")["vpcConfig"]["securityGroupIds"] == [group]
    ingress = [
        resource.inputs
        for resource in record("prod").of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if resource.inputs["securityGroupId"] == group
    ]
    assert ingress == []
    egress = record("prod").part("ai-budget").of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert {(resource.inputs["securityGroupId"], resource.inputs["fromPort"]) for resource in egress} == {
        (group, 443),
        (group, 5432),
    }
    database = named(
        "prod",
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "ai-budget-service-network-database-from-functions",
    )
    assert (database["referencedSecurityGroupId"], database["fromPort"]) == (group, 5432)
