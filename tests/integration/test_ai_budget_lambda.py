"""The AI budget Lambda: events in, answers out, on a real PostgreSQL and moto's AWS."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from functions.ai_budget import handler as module
from functions.ai_budget.migrate import PHASES
from tests.functions.ai_budget.support import ADMIN, SONNET, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
REGION = "us-east-1"
CONTEXT = SimpleNamespace(
    function_name="ai-budget", aws_request_id="r", get_remaining_time_in_millis=lambda: 9000
)


def away():
    return json.dumps({"username": "postgres", "password": "", "host": "/nowhere", "dbname": "none"})


@pytest.fixture
def aws(monkeypatch, database):
    """AWS with the secrets, the queue and the sender that the Lambda is given."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AI_BUDGET_DATABASE_SSLMODE", "disable")
    host, name = database.split("host=")[1], database.split("/")[3].split("?")[0]
    here = json.dumps({"username": "postgres", "password": "", "host": host, "dbname": name})
    with mock_aws():
        secrets = boto3.client("secretsmanager")
        stored = secrets.create_secret(Name="database", SecretString=here)["ARN"]
        tokens = secrets.create_secret(Name="admin", SecretString=f"{ADMIN}, next-{ADMIN}")["ARN"]
        queue = boto3.client("sqs").create_queue(QueueName="tracks")["QueueUrl"]
        boto3.client("sesv2").create_email_identity(EmailIdentity="finops@teei.io")
        monkeypatch.setenv("AI_BUDGET_DATABASE_SECRET_ARN", stored)
        monkeypatch.setenv("AI_BUDGET_ADMIN_TOKEN_SECRET_ARN", tokens)
        monkeypatch.setenv("AI_BUDGET_TRACK_QUEUE_URL", queue)

        def point(text):
            secrets.put_secret_value(SecretId="database", SecretString=text)
            restart()

        restart()
        yield SimpleNamespace(
            url=database, queue=queue, leave=lambda: point(away()), back=lambda: point(here)
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


def alb(method, path, body=None, multi=False, query=None, **headers):
    event = {
        "requestContext": {
            "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1"}
        },
        "httpMethod": method,
        "path": path,
        "queryStringParameters": query or {},
        "headers": {"content-type": "application/json", **headers},
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


def track(**more):
    return {"tenant_id": "acme", "model": SONNET, "prompt_tokens": 1000, "completion_tokens": 500} | more


CHECK = {"tenant_id": "acme", "model": SONNET, "estimated_prompt_tokens": 1000, "max_completion_tokens": 500}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("multi", [False, True])
def test_a_load_balancers_request_is_answered_in_the_form_that_it_asks_for(multi):
    answer = call("POST", "/api/ai-budget/check", CHECK, multi=multi, **{"x-request-id": "mine"})
    assert (answer["statusCode"], answer["statusDescription"]) == (200, "200 OK")
    assert json.loads(answer["body"])["reserved_usd"] == 0.0105
    headers = answer["multiValueHeaders" if multi else "headers"]
    assert headers["x-request-id"] == (["mine"] if multi else "mine")
    listed = call("GET", "/api/ai-budget/tenants", multi=multi, query={"status": "ok", "limit": "5"})
    assert [t["tenant_id"] for t in json.loads(listed["body"])["tenants"]] == ["acme"]


@pytest.mark.usefixtures("aws")
def test_a_body_in_base64_is_read():
    event = alb("POST", "/api/ai-budget/check", base64.b64encode(json.dumps(CHECK).encode()).decode())
    assert module.handler(event | {"isBase64Encoded": True}, CONTEXT)["statusCode"] == 200


@pytest.mark.usefixtures("aws")
def test_the_admin_token_is_any_of_the_secrets():
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 5}
    assert call("POST", "/api/ai-budget/set", body)["statusCode"] == 401
    for token in (ADMIN, f"next-{ADMIN}"):
        assert call("POST", "/api/ai-budget/set", body, authorization=f"Bearer {token}")["statusCode"] == 200


def records(aws):
    """What the queue holds, as Lambda gets it."""
    found = boto3.client("sqs").receive_message(
        QueueUrl=aws.queue, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return {
        "Records": [
            {"messageId": m["MessageId"], "body": m["Body"], "eventSource": "aws:sqs", "receiptHandle": "h",
             "attributes": {}, "messageAttributes": {}, "eventSourceARN": "a", "awsRegion": REGION}
            for m in found.get("Messages", [])
        ]
    }  # fmt: skip


def test_while_the_database_is_away_checks_are_denied_and_tracks_queued_and_booked_once_later(aws):
    aws.leave()
    denied = call("POST", "/api/ai-budget/check", CHECK)
    assert (denied["statusCode"], denied["headers"]["Retry-After"]) == (503, "5")
    queued = call("POST", "/api/ai-budget/track", track(request_id="t1"))
    assert (queued["statusCode"], json.loads(queued["body"])["queued"]) == (202, True)
    assert call("POST", "/api/ai-budget/track", track())["statusCode"] == 202
    event = records(aws)
    assert len(module.handler(event, CONTEXT)["batchItemFailures"]) == len(event["Records"]) == 2
    aws.back()
    for _ in range(2):
        assert module.handler(event, CONTEXT) == {"batchItemFailures": []}
    assert sql(aws.url, "SELECT count(*), sum(cost_usd) FROM ai_token_usage") == [(2, Decimal("0.021"))]
    assert (
        json.loads(call("POST", "/api/ai-budget/track", track(request_id="t1"))["body"])["recorded"] is True
    )
    assert sql(aws.url, "SELECT count(*) FROM ai_token_usage") == [(2,)]


def test_a_queued_call_is_booked_for_when_it_was_tracked(aws):
    body = track(request_id="t1", tracked_at="2026-05-31T23:59:59.999999+00:00")
    event = records(aws)
    event["Records"].append(
        {"messageId": "m", "body": json.dumps(body), "eventSource": "aws:sqs", "attributes": {}}
    )
    assert module.handler(event, CONTEXT) == {"batchItemFailures": []}
    assert sql(aws.url, "SELECT period_start::text FROM ai_token_usage") == [("2026-05-01",)]


@pytest.mark.usefixtures("aws")
def test_a_message_that_cannot_be_booked_fails_alone():
    now = datetime.now(UTC).isoformat()
    good = track(request_id="t1", tracked_at=now)
    wrong = ({"model": "gpt-none"}, {"prompt_tokens": -1}, {"prompt_tokens": 7})
    bodies = [good, *(good | change for change in wrong), "nonsense"]
    event = {
        "Records": [
            {"messageId": str(i), "body": json.dumps(body), "eventSource": "aws:sqs", "attributes": {}}
            for i, body in enumerate(bodies)
        ]
    }
    failed = module.handler(event, CONTEXT)["batchItemFailures"]
    assert [f["itemIdentifier"] for f in failed] == ["1", "2", "3", "4"]


def test_a_queue_that_does_not_take_a_call_makes_the_track_a_503(aws, monkeypatch):
    monkeypatch.setenv("AI_BUDGET_TRACK_QUEUE_URL", aws.queue + "-gone")
    aws.leave()
    assert call("POST", "/api/ai-budget/track", track())["statusCode"] == 503


def test_notices_go_to_the_tenants_admin_at_80_and_to_the_account_manager_at_100_percent(aws):
    sql(aws.url, "INSERT INTO ai_budget_contacts VALUES ('acme', 'admin@acme.example', NULL)")
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 0.01}
    call("POST", "/api/ai-budget/set", body, authorization=f"Bearer {ADMIN}")
    call("POST", "/api/ai-budget/track", track())
    assert module.handler({"task": "outbox"}, CONTEXT) == {"sent": 2, "failed": 0}
    assert module.handler({"task": "outbox"}, CONTEXT) == {"sent": 0, "failed": 0}
    mails = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    assert [mail.destinations["ToAddresses"] for mail in mails] == [
        ["admin@acme.example"],
        ["am-team@teei.io"],
    ]
    assert "0.0105 of 0.01 USD (105.0 %)" in mails[1].body
    sent = sql(aws.url, "SELECT threshold, sent_at IS NOT NULL FROM ai_budget_outbox ORDER BY id")
    assert sent == [(80, True), (100, True)]


def test_a_notice_that_cannot_be_sent_stays_and_holds_no_other_up(aws):
    sql(
        aws.url,
        "INSERT INTO ai_budget_outbox"
        " (tenant_id, model, period_start, threshold, monthly_limit_usd, spent_usd)"
        " VALUES ('a', 'm', '2026-05-01', 80, 1, 0.9), ('b', 'm', '2026-05-01', 80, 1, 0.9)",
    )
    from functions.ai_budget import outbox

    runtime, seen = module._runtime(), []

    def send(_sender, _to, subject, _text, dedupe):
        seen.append(dedupe)
        if ": a," in subject:
            raise OSError("no mail")

    for expected in ({"sent": 1, "failed": 1}, {"sent": 0, "failed": 1}):
        done = runtime.run(
            outbox.deliver(runtime.ledger, send, runtime.config.notifications, datetime.now(UTC))
        )
        assert done == expected
    assert seen == ["a/m/2026-05/80/0", "b/m/2026-05/80/0", "a/m/2026-05/80/0"]


def test_the_outbox_task_fails_loudly_when_mail_cannot_be_sent(aws):
    boto3.client("sesv2").delete_email_identity(EmailIdentity="finops@teei.io")
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 0.01}
    call("POST", "/api/ai-budget/set", body, authorization=f"Bearer {ADMIN}")
    call("POST", "/api/ai-budget/track", track())
    with pytest.raises(RuntimeError, match="2 notices were not sent, 0 were"):
        module.handler({"task": "outbox"}, CONTEXT)
    assert sql(aws.url, "SELECT count(*) FROM ai_budget_outbox WHERE sent_at IS NULL") == [(2,)]


@pytest.mark.usefixtures("aws")
def test_nobody_may_set_a_limit_while_the_admin_token_has_no_value(monkeypatch):
    empty = boto3.client("secretsmanager").create_secret(Name="empty")["ARN"]
    monkeypatch.setenv("AI_BUDGET_ADMIN_TOKEN_SECRET_ARN", empty)
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 5}
    for token in (ADMIN, "", ","):
        answer = call("POST", "/api/ai-budget/set", body, authorization=f"Bearer {token}")
        assert answer["statusCode"] == 401


def test_the_scheduled_tasks_tidy_and_migrate(aws):
    call("POST", "/api/ai-budget/check", CHECK)
    sql(aws.url, "UPDATE ai_budget_reservations SET expires_at = now() - interval '1 s'")
    assert module.handler({"task": "tidy"}, CONTEXT) == {"closed": 0, "expired": 1, "forgotten": 0}
    for phase in PHASES:
        assert module.handler({"task": "migrate", "phase": phase}, CONTEXT) == {"applied": []}
    with pytest.raises(ValueError, match="none of tidy"):
        module.handler({"task": "dance"}, CONTEXT)


def test_the_module_reads_nothing_when_it_is_imported():
    import subprocess
    import sys

    code = (
        "import os, sys; os.environ.clear(); import functions.ai_budget.handler;"
        "print('uvicorn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
