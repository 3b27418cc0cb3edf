"""The service on AWS as its environment describes it, the same for a Lambda and a pod.

AI_BUDGET_DATABASE_HOST, _PORT and _NAME; AI_BUDGET_CONFIG (the text of the configuration file, optional);
AI_BUDGET_CALLER_SECRET_PREFIX (the callers' secrets have this and their names). Of the API also
AI_BUDGET_ADMIN_TOKEN_SECRET_ARN (tokens, comma-separated) and AI_BUDGET_TRACK_QUEUE_URL; of the migrations
AI_BUDGET_DATABASE_SECRET_ARN (JSON with username and password of the master user).
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import boto3
from fastapi import FastAPI

from functions.ai_budget.app import Background, create_app
from functions.ai_budget.aws.api import CallerHashes, TrackQueue, admin_tokens
from functions.ai_budget.config import Config, ConfigError, parse_config
from functions.ai_budget.ledger import Ledger, connection_string
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service

# The server must have the name that is connected to, and a certificate of RDS.
CERTIFICATES = Path(__file__).parents[2] / "certificates" / "rds-ca.pem"
TLS = {"sslmode": "verify-full", "sslrootcert": str(CERTIFICATES)}
HOST, PORT, NAME = "AI_BUDGET_DATABASE_HOST", "AI_BUDGET_DATABASE_PORT", "AI_BUDGET_DATABASE_NAME"
CALLERS, QUEUE = "AI_BUDGET_CALLER_SECRET_PREFIX", "AI_BUDGET_TRACK_QUEUE_URL"
ADMIN_TOKENS = "AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"


def check_api() -> None:
    """Raises ConfigError if a variable of the API is missing or its configuration is wrong."""
    names = (HOST, PORT, NAME, CALLERS, ADMIN_TOKENS, QUEUE)
    if missing := [name for name in names if not os.environ.get(name)]:
        raise ConfigError(f"{', '.join(missing)}: not set; the stack sets them on its pods and functions")
    config()


def conninfo(user: str, password: str) -> str:
    """A connection string for a user of the database."""
    place = {key: os.environ[name] for key, name in (("host", HOST), ("port", PORT), ("dbname", NAME))}
    return connection_string(user=user, password=password, **(place | TLS))


def login(user: str) -> Callable[[], str]:
    """Connection strings of a user that logs in with IAM.

    A password is signed here, without a request to AWS, and opens connections for 15 minutes
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html, 2026-11). Each
    connection gets a new one, so none expires and nothing has to be kept.
    """
    rds, place = boto3.client("rds"), {"DBHostname": os.environ[HOST], "Port": int(os.environ[PORT])}
    return lambda: conninfo(user, rds.generate_db_auth_token(**place, DBUsername=user))


def config() -> Config:
    """The configuration. Raises ConfigError."""
    return parse_config(os.environ.get("AI_BUDGET_CONFIG", ""), name="AI_BUDGET_CONFIG")


def service(ledger: Ledger) -> Service:
    """The service, which leaves tracked calls to the queue while the database is away."""
    return Service(ledger, config(), TrackQueue(os.environ[QUEUE]))


def application(service: Service, requests: RequestMetrics, background: Sequence[Background] = ()) -> FastAPI:
    """The API with the tokens of administrators and callers."""
    tokens = partial(admin_tokens, os.environ[ADMIN_TOKENS])
    return create_app(service, tokens, requests, background, CallerHashes(os.environ[CALLERS]))
