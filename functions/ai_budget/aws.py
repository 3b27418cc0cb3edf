"""The AWS services of the Lambda: secrets, the queue of tracked calls, mail. The only user of boto3 here."""

import asyncio
import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

SECRET_SECONDS = 300


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
