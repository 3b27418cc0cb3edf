"""The AI budget Lambda: events in, answers out, on a real PostgreSQL and moto's AWS."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from functions.ai_budget import lambda_handlers as module
from tests.functions.ai_budget.lambda_support import CHECK, CONTEXT, REGION, alb, call
from tests.functions.ai_budget.support import ADMIN, SONNET, sql

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.ai_budget.lambda_support")
pytestmark = pytest.mark.postgres


def track(**more):
    return {"tenant_id": "acme", "model": SONNET, "prompt_tokens": 1000, "completion_tokens": 500} | more


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("multi", [False, True])
def test_a_load_balancers_request_is_answered_in_the_form_that_it_asks_for(multi):
    answer = call("POST", "/api/ai-budget/check", CHECK, multi=multi, **{"x-request-id": "mine"})
    assert answer["statusCode"] == 200
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
    received = boto3.client("sqs").receive_message(
        QueueUrl=aws.queue, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return {
        "Records": [
            {"messageId": m["MessageId"], "body": m["Body"], "eventSource": "aws:sqs", "receiptHandle": "h",
             "attributes": {}, "messageAttributes": {}, "eventSourceARN": "a", "awsRegion": REGION}
            for m in received.get("Messages", [])
        ]
    }  # fmt: skip


def test_while_the_database_is_away_checks_are_denied_and_tracks_queued_and_booked_once_later(aws):
    aws.leave()
    denied = call("POST", "/api/ai-budget/check", CHECK)
    assert (denied["statusCode"], denied["headers"]["retry-after"]) == (503, "5")
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


@pytest.mark.usefixtures("aws")
def test_a_message_that_cannot_be_booked_fails_alone():
    now = datetime.now(UTC).isoformat()
    good = track(request_id="t1", tracked_at=now)
    wrong = ({"prompt_tokens": -1}, {"prompt_tokens": 7}, {"tracked_at": "today"})
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
    assert module.handler({"task": "outbox"}, CONTEXT) == {"sent": 2, "retried": 0, "failed": 0}
    assert module.handler({"task": "outbox"}, CONTEXT) == {"sent": 0, "retried": 0, "failed": 0}
    mails = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    receivers = [mail.destinations["ToAddresses"] for mail in mails]
    assert sorted(receivers) == [["admin@acme.example"], ["am-team@teei.io"]]


def emitted(capsys, name):
    """The value of a metric in CloudWatch's embedded format, from what was printed."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if f'"{name}"' in line]
    return [line[name] for line in lines]


@pytest.mark.usefixtures("aws")
def test_calls_without_a_price_and_notices_that_were_given_up_are_counted_for_the_alarms(capsys):
    call("POST", "/api/ai-budget/track", track(model="gpt-none"))
    assert module.handler({"task": "tidy"}, CONTEXT)["unpriced"] == 1
    assert emitted(capsys, "UnpricedCalls") == [[1.0]]
    module.handler({"task": "outbox"}, CONTEXT)
    assert emitted(capsys, "NoticesFailed") == [[0.0]]


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
    sql(
        aws.url,
        "UPDATE ai_budget_reservations"
        " SET expires_at = now() - interval '1 s', created_at = now() - interval '3 days'",
    )
    assert module.handler({"task": "tidy"}, CONTEXT) == {"forgotten": 1, "unpriced": 0}
    for phase in ("pre", "post"):
        assert module.handler({"task": "migrate", "phase": phase}, CONTEXT)["applied"] == []
    with pytest.raises(ValueError, match="none of tidy"):
        module.handler({"task": "dance"}, CONTEXT)


def test_the_module_reads_nothing_when_it_is_imported():
    import subprocess
    import sys

    code = (
        "import os, sys; os.environ.clear(); import functions.ai_budget.lambda_handlers;"
        "print('granian' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
