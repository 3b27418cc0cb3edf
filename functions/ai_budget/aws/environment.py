"""The service on AWS as its environment describes it, the same for a Lambda and a pod.

AI_BUDGET_DATABASE_HOST, _PORT and _NAME; AI_BUDGET_CONFIG (the text of the configuration file, optional);
AI_BUDGET_CALLER_SECRET_PREFIX (the callers' secrets have this and their names). Of the API also
AI_BUDGET_ADMIN_TOKEN_SECRET_ARN (tokens, comma-separated) and AI_BUDGET_TRACK_QUEUE_URL; of the migrations
AI_BUDGET_DATABASE_SECRET_ARN (JSON with username and password of the master user).
"""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from functions.ai_budget.app import create_app
from functions.ai_budget.aws.api import CallerHashes, TrackQueue, secret_or_nothing
from functions.ai_budget.aws.login import DatabaseLogin
from functions.ai_budget.config import Config, ConfigError, parse_config
from functions.ai_budget.ledger import Ledger, connection_string
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service

# The server must have the name that is connected to, and a certificate of RDS.
CERTIFICATES = Path(__file__).parents[2] / "certificates" / "rds-ca.pem"
TLS = {"sslmode": "verify-full", "sslrootcert": str(CERTIFICATES)}
API = (
    "AI_BUDGET_DATABASE_HOST",
    "AI_BUDGET_DATABASE_PORT",
    "AI_BUDGET_DATABASE_NAME",
    "AI_BUDGET_CALLER_SECRET_PREFIX",
    "AI_BUDGET_ADMIN_TOKEN_SECRET_ARN",
    "AI_BUDGET_TRACK_QUEUE_URL",
)


def check_api() -> None:
    """Raises ConfigError if a variable of the API is missing or its configuration is wrong."""
    missing = [name for name in API if not os.environ.get(name)]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: not set; the stack sets them on its pods and functions")
    config()


def conninfo(user: str, password: str) -> str:
    """A connection string for a user of the database."""
    names = {
        "host": "AI_BUDGET_DATABASE_HOST",
        "port": "AI_BUDGET_DATABASE_PORT",
        "dbname": "AI_BUDGET_DATABASE_NAME",
    }
    place = {name: os.environ[variable] for name, variable in names.items()}
    return connection_string(user=user, password=password, **(place | TLS))


def login(user: str) -> Callable[[], str]:
    """Connection strings of a user that logs in with IAM."""
    host, port = os.environ["AI_BUDGET_DATABASE_HOST"], os.environ["AI_BUDGET_DATABASE_PORT"]
    password = DatabaseLogin(host, port, user)
    return lambda: conninfo(user, password())


def config() -> Config:
    """The configuration. Raises ConfigError."""
    text = os.environ.get("AI_BUDGET_CONFIG", "")
    return parse_config(text, name="AI_BUDGET_CONFIG") if text else Config()


def service(ledger: Ledger) -> Service:
    """The service, which leaves tracked calls to the queue while the database is away."""
    return Service(ledger, config(), TrackQueue(os.environ["AI_BUDGET_TRACK_QUEUE_URL"]))


def application(
    service: Service,
    requests: RequestMetrics,
    background: Callable[[Service], AbstractAsyncContextManager[Any]] = nullcontext,
) -> FastAPI:
    """The API with the tokens of administrators and callers."""
    hashes = CallerHashes(os.environ["AI_BUDGET_CALLER_SECRET_PREFIX"])
    return create_app(service, _admin_tokens, requests, background, caller_hashes=hashes)


def _admin_tokens() -> list[str]:
    text = secret_or_nothing(os.environ["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"])
    return [token.strip() for token in text.split(",") if token.strip()]
