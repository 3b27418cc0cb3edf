"""Every AWS call of the functions and the pods is allowed by their policy, and every allowed action is used.

The calls are recorded while moto answers them; the policies are those that the stack prod declares.
"""

import json
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.handlers
import pytest

from components.lambda_functions import roles
from functions.ai_budget import lambda_handlers
from functions.ai_budget.aws import environment
from functions.ai_budget.ledger import API, Ledger, connection_string
from functions.ai_budget.metrics import RequestMetrics
from tests.components.recorded import record
from tests.functions.ai_budget.lambda_support import CHECK, CONTEXT, call, restart
from tests.functions.ai_budget.support import ADMIN, SONNET, sql

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.ai_budget.lambda_support")
pytestmark = pytest.mark.postgres
NAME = "teei-prod-us-east-1-ai-budget"
# What AWS does with a function's role because of its configuration, beside the calls of the code.
BY_LAMBDA = {
    "logs": ("logs:CreateLogStream", "logs:PutLogEvents"),
    "vpcConfig": roles.NETWORK_ACTIONS,
    "tracingConfig": roles.TRACE_ACTIONS,
    "queue": roles.QUEUE_ACTIONS,
}
MOCK = "arn:aws:mock:::"
TRACK = {"tenant_id": "acme", "model": SONNET, "prompt_tokens": 1000, "completion_tokens": 500}


class Recorder:
    """The (action, resource) pairs of calls, resources as the stack's policies name them."""

    def __init__(self) -> None:
        self.calls: set[tuple[str, str]] = set()
        self._started = False

    def start(self) -> None:
        """Forgets what the test itself has called."""
        self.calls, self._started = set(), True

    def request(self, params, model, **_):
        service = model.service_model.signing_name
        if self._started:
            self.calls.add((f"{service}:{model.name}", self.resource(service, params)))

    def connection_string(self, **parts):
        """Records the user of a login with IAM, which is a signed password and no request."""
        query = parse_qs(urlsplit(f"//{parts['password']}").query)
        if self._started and query.get("Action") == ["connect"]:
            user = f"arn:aws:rds-db:us-east-1:123456789012:dbuser:db-MOCK/{query['DBUser'][0]}"
            self.calls.add(("rds-db:connect", user))
        return connection_string(**parts)

    @staticmethod
    def resource(service, params):
        match service:
            case "sqs":
                return MOCK + f"{NAME}-{params['QueueUrl'].rpartition('/')[2]}"
            case "ses":
                return "arn:aws:ses:us-east-1:123456789012:identity/" + params["FromEmailAddress"]
            case "secretsmanager":
                return secret_of_the_stack(params["SecretId"])
        raise AssertionError(f"no resource is known for {service}")


def secret_of_the_stack(identity):
    """The secret of the stack that one of moto's stands for."""
    if ":secret:database" in identity:
        return "arn:aws:secretsmanager:mock:::database"
    if ":secret:admin" in identity:
        return f"{MOCK}{NAME}/admin-tokens"
    return f"{MOCK}{NAME}/{identity.removeprefix('ai-budget/')}"


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    handlers = [
        *botocore.handlers.BUILTIN_HANDLERS,
        ("before-parameter-build", recorder.request),
    ]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(environment, "connection_string", recorder.connection_string)
    return recorder


def statements(role, effect="Allow", runtime="lambda"):
    policies = record("prod", runtime).of("iam/rolePolicy:RolePolicy")
    (document,) = [json.loads(item.inputs["policy"]) for item in policies if item.inputs["role"] == role]
    return [item for item in document["Statement"] if item["Effect"] == effect]


def is_allowed(call, role, runtime="lambda"):
    """The evaluation of an identity policy: allowed by one statement and denied by none for this action."""

    def matches(statement):
        action, resource = call
        return any(fnmatchcase(action, pattern) for pattern in statement["Action"]) and any(
            fnmatchcase(resource, pattern) for pattern in statement["Resource"]
        )

    allowed = any(map(matches, statements(role, runtime=runtime)))
    return allowed and not any(map(matches, statements(role, "Deny", runtime)))


def by_lambda(role):
    """The actions that Lambda uses for the configuration of the function with this role."""
    resources = record("prod")
    (function,) = [
        item.inputs for item in resources.of("lambda/function:Function") if item.inputs["role"] == MOCK + role
    ]
    actions = {*BY_LAMBDA["logs"]}
    for feature in ("vpcConfig", "tracingConfig"):
        actions |= {*BY_LAMBDA[feature]} if feature in function else set()
    if role == NAME:  # its alias has an event source and a destination for failed events
        assert resources.one("lambda/eventSourceMapping:EventSourceMapping").inputs["eventSourceArn"]
        actions |= {*BY_LAMBDA["queue"]}
    return actions


def unused(role, recorded, runtime="lambda"):
    """Allowed (action, resource) pairs that neither the code nor AWS uses."""
    uses = {action for action, _ in recorded} | (set() if runtime == "kubernetes" else by_lambda(role))
    pairs = {
        (action, resource)
        for statement in statements(role, runtime=runtime)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    by_resource = ("rds-db:", "sqs:SendMessage", "secretsmanager:")
    return {
        (action, resource)
        for action, resource in pairs
        if action not in uses or (action.startswith(by_resource) and (action, resource) not in recorded)
    }


def callers():
    names = [secret.inputs["name"] for secret in record("prod").of("secretsmanager/secret:Secret")]
    return [name.rpartition("/")[2] for name in names if "/callers/" in name]


def with_the_callers_of_prod(aws):
    """The configuration of the stack, and an empty secret for each caller."""
    for name in callers():
        boto3.client("secretsmanager").create_secret(Name=f"ai-budget/callers/{name}")
    settings = ", ".join(f"{{name = '{name}', tenants = ['*']}}" for name in callers())
    aws.configure(f"callers = [{settings}]")


def migrated(recorder):
    """The calls of the migration function, which gives each caller a token."""
    recorder.start()
    lambda_handlers.handler({"task": "migrate"}, CONTEXT)
    return recorder.calls


@pytest.fixture
def prepared(aws, monkeypatch):
    """AWS with the callers of prod, whose secrets have no value yet."""
    monkeypatch.setattr(lambda_handlers, "create_roles", lambda _owner, master: master())
    secrets = boto3.client("secretsmanager")
    for name in ("reporting", "partner-x"):
        secrets.delete_secret(SecretId=f"ai-budget/callers/{name}", ForceDeleteWithoutRecovery=True)
    with_the_callers_of_prod(aws)
    return aws


@pytest.mark.usefixtures("prepared")
def test_the_calls_of_the_migration_function_are_what_its_policy_allows(recorder):
    calls = migrated(recorder)
    assert {call for call in calls if not is_allowed(call, f"{NAME}-migrator")} == set()
    assert unused(f"{NAME}-migrator", calls) == set()


def tokens():
    """The token of each caller, as its service reads it."""
    secrets = boto3.client("secretsmanager")
    return [
        secrets.get_secret_value(SecretId=f"ai-budget/callers/{name}")["SecretString"] for name in callers()
    ]


def test_the_calls_of_the_api_function_are_what_its_policy_allows(recorder, prepared):
    migrated(recorder)
    bearers = [f"Bearer {token}" for token in tokens()]
    restart()
    recorder.start()
    for bearer in bearers:
        assert call("POST", "/api/ai-budget/check", CHECK, authorization=bearer)["statusCode"] == 200
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 0.01}
    assert call("POST", "/api/ai-budget/set", body, authorization=f"Bearer {ADMIN}")["statusCode"] == 200
    assert call("POST", "/api/ai-budget/track", TRACK, authorization=bearers[0])["statusCode"] == 200
    assert lambda_handlers.handler({"task": "outbox"}, CONTEXT)["sent"] == 2
    lambda_handlers.handler({"task": "tidy"}, CONTEXT)
    prepared.leave()
    assert call("POST", "/api/ai-budget/track", TRACK, authorization=bearers[0])["statusCode"] == 202
    calls = recorder.calls
    assert {call for call in calls if not is_allowed(call, NAME)} == set()
    # Lambda sends to this queue what a scheduled task could not do.
    by_destination = {("sqs:SendMessage", f"{MOCK}{NAME}-failed-tasks")}
    assert unused(NAME, calls) == by_destination
    (live,) = [
        item.inputs
        for item in record("prod").of("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
        if "destinationConfig" in item.inputs
    ]
    assert live["destinationConfig"]["onFailure"]["destination"] == f"{MOCK}{NAME}-failed-tasks"
    assert sql(prepared.url, "SELECT count(*) FROM ai_token_usage") == [(1,)]


def test_the_calls_of_the_pods_are_what_their_policy_allows(recorder, prepared):
    from starlette.testclient import TestClient

    migrated(recorder)
    bearers = [f"Bearer {token}" for token in tokens()]
    recorder.start()
    for away in (False, True):
        if away:
            prepared.leave()
        app = environment.application(environment.service(Ledger(environment.login(API))), RequestMetrics())
        with TestClient(app) as client:
            for bearer in bearers:
                answer = client.post("/api/ai-budget/check", json=CHECK, headers={"Authorization": bearer})
                assert answer.status_code == (503 if away else 200)
            answer = client.post("/api/ai-budget/track", json=TRACK, headers={"Authorization": bearers[0]})
            assert answer.status_code == (202 if away else 200)
            client.get("/metrics", headers={"Authorization": f"Bearer {ADMIN}"})
    calls = recorder.calls
    role = f"{NAME}-pods"
    assert {call for call in calls if not is_allowed(call, role, "kubernetes")} == set()
    assert unused(role, calls, "kubernetes") == set()


def test_a_call_that_no_statement_allows_is_found():
    for action, resource in (
        ("sqs:DeleteQueue", f"{MOCK}{NAME}-tracks"),
        ("sqs:SendMessage", f"{MOCK}another"),
        ("ec2:CreateNetworkInterface", "*"),  # denied to the code
    ):
        assert not is_allowed((action, resource), NAME)
    assert is_allowed(("sqs:SendMessage", f"{MOCK}{NAME}-tracks"), NAME)
