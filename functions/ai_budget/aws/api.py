"""The AWS services of the API: secrets, the queue of tracked calls, mail."""

import asyncio
import json
import logging
import time
from hashlib import sha256
from typing import Any

import boto3
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.ai_budget.errors import ApiError

SECRET_SECONDS = 300
# A request waits for a secret, so it must be answered within the time that a caller waits.
_FAST = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
log = logging.getLogger(__name__)


def secret(arn: str) -> str:
    """The text of a secret, kept for five minutes: a rotated one is known after that."""
    value = parameters.get_secret(arn, max_age=SECRET_SECONDS)
    return value if isinstance(value, str) else value.decode()


def secret_or_nothing(arn: str) -> str:
    """The text of a secret, empty while no value has been put into it. Other errors are raised."""
    try:
        return secret(arn)
    except GetParameterError as error:
        if "ResourceNotFoundException" not in str(error):
            raise
        return ""


class CallerHashes:
    """The SHA-256 of the tokens of a caller, read from its secret and kept for five minutes.

    Both the current and the previous version of the secret are valid, so that a rotation interrupts nobody.
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
            versions = [self._version(name, stage) for stage in ("AWSCURRENT", "AWSPREVIOUS")]
            hashes = tuple(sha256(token.encode()).hexdigest() for token in versions if token)
        except (BotoCoreError, ClientError) as error:
            log.exception("the secret of the caller %s cannot be read", name)
            if name not in self._known:
                message = "the caller's secret cannot be read; try again"
                raise ApiError(503, "unavailable", message, headers={"Retry-After": "5"}) from error
        self._known[name] = (time.time() + SECRET_SECONDS, hashes)
        return hashes

    def _version(self, name: str, stage: str) -> str:
        """The token in one version of the secret, empty where there is no such version."""
        try:
            value = self._client.get_secret_value(SecretId=f"{self._prefix}{name}", VersionStage=stage)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return ""
        return value["SecretString"].strip()


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
        self._client.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": [to]},
            Content={
                "Simple": {
                    "Subject": {"Data": subject, "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
                    "Headers": [{"Name": "X-Dedupe-Id", "Value": dedupe_id}],
                }
            },
            EmailTags=[{"Name": "notice", "Value": "ai-budget"}],
        )
