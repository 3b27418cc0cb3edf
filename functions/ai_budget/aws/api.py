"""The AWS services that the functions and pods call: secrets, the queue of tracked calls, mail."""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import boto3
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.ai_budget.errors import unavailable

SECRET_SECONDS = 300
TOKEN_BYTES = 32
# A request waits for a secret, so it must be answered within the time that a caller waits.
_FAST = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
log = logging.getLogger(__name__)


def admin_tokens(arn: str) -> list[str]:
    """The tokens in a secret, separated by commas; none while no value has been put into it.

    They are kept for five minutes: rotated ones are known after that. Other errors are raised.
    """
    try:
        text = str(parameters.get_secret(arn, max_age=SECRET_SECONDS))
    except GetParameterError as error:
        if "ResourceNotFoundException" not in str(error):
            raise
        return []
    return [token.strip() for token in text.split(",") if token.strip()]


class CallerHashes:
    """The SHA-256 of the tokens of a caller, read from its secret and kept for five minutes.

    Both the current and the previous version of the secret are valid, so a rotation interrupts no caller.
    While Secrets Manager does not answer, the last hashes stay valid.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._client = boto3.client("secretsmanager", config=_FAST)
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    def __call__(self, name: str) -> tuple[str, ...]:
        """The hashes of a caller, none while its secret has no value. Raises ApiError 503."""
        until, hashes = self._known.get(name, (0.0, ()))
        if time.time() < until:
            return hashes
        try:
            tokens = [self._token(name, stage) for stage in ("AWSCURRENT", "AWSPREVIOUS")]
            hashes = tuple(sha256(token.encode()).hexdigest() for token in tokens if token)
        except (BotoCoreError, ClientError) as error:
            log.exception("the secret of the caller %s cannot be read", name)
            if name not in self._known:
                raise unavailable("the caller's secret cannot be read") from error
        self._known[name] = (time.time() + SECRET_SECONDS, hashes)
        return hashes

    def _token(self, name: str, stage: str) -> str:
        """The token in one version of the secret, empty where there is no such version."""
        try:
            value = self._client.get_secret_value(SecretId=f"{self._prefix}{name}", VersionStage=stage)
        except self._client.exceptions.ResourceNotFoundException:
            return ""
        return value["SecretString"].strip()


def fill_caller_secrets(prefix: str, names: Sequence[str]) -> list[str]:
    """Puts a random token into each caller's secret without a value; the names of those callers.

    It never reads a token. Raises botocore's errors.
    """
    client, filled = boto3.client("secretsmanager"), []
    for name in names:
        if not client.describe_secret(SecretId=f"{prefix}{name}").get("VersionIdsToStages"):
            token = f"{name}.{secrets.token_urlsafe(TOKEN_BYTES)}"
            client.put_secret_value(SecretId=f"{prefix}{name}", SecretString=token)
            filled.append(name)
    return filled


class TrackQueue:
    """Takes tracked calls while the database is away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = boto3.client("sqs")

    async def __call__(self, body: dict[str, Any]) -> None:
        """Returns once the queue has the call. Raises botocore's errors."""
        text = json.dumps(body)
        await asyncio.to_thread(self._client.send_message, QueueUrl=self._url, MessageBody=text)


class Mailer:
    """Sends mail through SES."""

    def __init__(self) -> None:
        self._client = boto3.client("sesv2")

    def __call__(self, sender: str, to: str, subject: str, text: str, dedupe_id: str) -> None:
        """Returns once SES has it; `dedupe_id` is in its X-Dedupe-Id header. Raises botocore's errors."""
        message = {
            "Subject": {"Data": subject, "Charset": "UTF-8"},
            "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
            "Headers": [{"Name": "X-Dedupe-Id", "Value": dedupe_id}],
        }
        self._client.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": [to]},
            Content={"Simple": message},
            EmailTags=[{"Name": "notice", "Value": "ai-budget"}],
        )
