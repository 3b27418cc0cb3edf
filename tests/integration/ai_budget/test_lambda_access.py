"""Who may call the Lambda, and how it logs in to the database: real PostgreSQL, moto's AWS."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import boto3
import psycopg
import pytest
from botocore.exceptions import EndpointConnectionError
from psycopg.conninfo import conninfo_to_dict

from functions.ai_budget import lambda_handlers as module
from functions.ai_budget import ledger
from functions.ai_budget.aws import api, environment
from tests.functions.ai_budget.lambda_support import CHECK, CONTEXT, call
from tests.functions.ai_budget.support import ADMIN, SONNET

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.ai_budget.lambda_support")
pytestmark = pytest.mark.postgres
PREFIX = "ai-budget/callers/"


def migrate(phase="pre"):
    return module.handler({"task": "migrate", "phase": phase}, CONTEXT)


def token(caller, stage="AWSCURRENT"):
    secrets = boto3.client("secretsmanager")
    return secrets.get_secret_value(SecretId=f"{PREFIX}{caller}", VersionStage=stage)["SecretString"]


def status(authorization="", tenant="acme-1"):
    headers = {"authorization": f"Bearer {authorization}"} if authorization else {}
    return call("POST", "/api/ai-budget/check", {**CHECK, "tenant_id": tenant}, **headers)["statusCode"]


@pytest.fixture
def clock(monkeypatch):
    """The clock by which secrets are kept."""
    clock = SimpleNamespace(now=1_000_000.0)
    monkeypatch.setattr(api.time, "time", lambda: clock.now)
    return clock


def test_a_migration_gives_each_caller_a_token_once_and_shows_none(aws, capsys):
    aws.with_callers()
    result = migrate()
    assert result == {"applied": [], "new_tokens": ["reporting", "partner-x"]}
    tokens = {caller: token(caller) for caller in ("reporting", "partner-x")}
    for caller, text in tokens.items():
        name, _, random = text.partition(".")
        assert (name, len(random)) == (caller, 43)  # 256 bits in base64
    assert migrate() == {"applied": [], "new_tokens": []}
    assert migrate("post") == {"applied": []}
    assert tokens == {caller: token(caller) for caller in tokens}
    printed = capsys.readouterr()
    assert not [text for text in tokens.values() if text in printed.out + printed.err + json.dumps(result)]


def test_a_caller_is_accepted_by_its_own_token_for_its_own_tenants(aws):
    aws.with_callers()
    assert [status(), status("reporting."), status("partner-x.")] == [401] * 3  # the secrets are empty
    aws.with_callers()
    migrate()
    assert [status(token("reporting"), tenant) for tenant in ("acme-1", "other")] == [200, 200]
    assert [status(token("partner-x"), tenant) for tenant in ("acme-1", "other")] == [200, 403]
    assert [status(), status("reporting.x"), status(f"{token('reporting')}x")] == [401] * 3
    assert status(token("reporting").replace("reporting", "partner-x")) == 401


def test_during_a_rotation_the_old_token_and_the_new_one_are_valid(aws, clock):
    aws.with_callers()
    migrate()
    old = token("reporting")
    secrets = boto3.client("secretsmanager")
    assert status(old) == 200
    secrets.put_secret_value(SecretId=f"{PREFIX}reporting", SecretString="reporting.new")
    assert [status(old), status("reporting.new")] == [200, 401]  # for five minutes at most
    clock.now += api.SECRET_SECONDS
    assert [status(old), status("reporting.new")] == [200, 200]
    versions = secrets.describe_secret(SecretId=f"{PREFIX}reporting")["VersionIdsToStages"]
    (previous,) = [version for version, stages in versions.items() if "AWSPREVIOUS" in stages]
    secrets.update_secret_version_stage(
        SecretId=f"{PREFIX}reporting", VersionStage="AWSPREVIOUS", RemoveFromVersionId=previous
    )
    clock.now += api.SECRET_SECONDS
    assert [status(old), status("reporting.new")] == [401, 200]


def test_while_secrets_manager_is_away_known_callers_are_accepted_and_others_are_not(aws, clock, monkeypatch):
    aws.with_callers()
    migrate()
    reporting, partner = token("reporting"), token("partner-x")
    assert status(reporting) == 200
    clock.now += api.SECRET_SECONDS

    def away(*_):
        raise EndpointConnectionError(endpoint_url="https://secretsmanager")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", away)
    assert [status(reporting), status("reporting.wrong"), status(partner)] == [200, 401, 503]


def test_only_hashes_of_tokens_are_kept(aws):
    aws.with_callers()
    migrate()
    hashes = api.CallerHashes(PREFIX)
    hashes("reporting")
    assert token("reporting") not in repr(vars(hashes))


def test_admin_paths_are_answered_on_the_https_listener_only(aws):
    aws.configure('https_url = "https://ai-budget.example"')
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 5}
    for multi in (False, True):
        for proto, expected in (("https", 200), ("http", 403)):
            headers = {"authorization": f"Bearer {ADMIN}", "x-forwarded-proto": proto}
            answer = call("POST", "/api/ai-budget/set", body, multi=multi, **headers)
            assert answer["statusCode"] == expected
        assert "https://ai-budget.example/api/ai-budget/set" in json.loads(answer["body"])["message"]


def logins(monkeypatch):
    """The connection strings that are used, with the host as it would be."""
    used = []
    connect = psycopg.connect

    def recorded(conninfo, **more):
        used.append(conninfo_to_dict(conninfo))
        return connect(conninfo, **more)

    monkeypatch.setattr(ledger.psycopg, "connect", recorded)
    return used


def signed(password):
    """Host and user that an IAM password is for."""
    query = parse_qs(urlsplit(f"https://{password}").query)
    assert query["Action"] == ["connect"]
    assert query["X-Amz-Expires"] == ["900"]
    return urlsplit(f"https://{password}").netloc, query["DBUser"][0]


@pytest.mark.usefixtures("aws")
def test_the_migrations_log_in_as_the_owner_with_iam_and_do_not_read_the_password_of_the_master(monkeypatch):
    used = logins(monkeypatch)
    monkeypatch.setenv("AI_BUDGET_DATABASE_SECRET_ARN", "arn:of:a:secret:that:does:not:exist")
    migrate()
    assert {login["user"] for login in used} == {"ai_budget_owner"}
    assert {signed(login["password"]) for login in used} == {("database.example:5432", "ai_budget_owner")}


@pytest.mark.usefixtures("aws")
def test_the_api_works_as_a_user_that_logs_in_with_iam():
    assert status() == 200
    conninfo = conninfo_to_dict(environment.login("ai_budget_api")())
    assert signed(conninfo["password"]) == ("database.example:5432", "ai_budget_api")
    (users,) = {tuple(row) for row in module._runtime().loop.run_until_complete(_users())}
    assert users == ("ai_budget_api", "ai_budget_api")


async def _users():
    async with module._runtime().ledger._pool.connection() as conn:
        return await (await conn.execute("SELECT session_user, current_user")).fetchall()
