"""The objects of the report bucket, and mail, for the functions that deliver reports."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import boto3
from botocore.config import Config

_CONFIG = Config(signature_version="s3v4", retries={"mode": "standard", "max_attempts": 3})


class ReportBucket:
    """The bucket of the reports. Every method raises botocore's errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._client = boto3.client("s3", config=_CONFIG)

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Puts an object."""
        self._client.put_object(Bucket=self.name, Key=key, Body=content, ContentType=content_type)

    def read(self, key: str) -> bytes:
        """The content of an object."""
        return self._client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        """The objects under a prefix, as `ListObjectsV2` describes them."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            yield from page.get("Contents", [])

    def link(self, key: str, hours: int) -> str:
        """A link to an object that needs no login.

        It ends after `hours`, or before that with the credentials that signed it:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html (2026-11).
        """
        parameters = {"Bucket": self.name, "Key": key}
        return self._client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=hours * 3600)

    def console(self, prefix: str) -> str:
        """The page of the AWS console with the objects under a prefix: it needs a login, and does not end."""
        return f"https://console.aws.amazon.com/s3/buckets/{self.name}?prefix={quote(prefix)}"


def send_mail(sender: str, recipients: Sequence[str], subject: str, body: str) -> None:
    """Sends one mail to all recipients through SES. Raises botocore's errors."""
    client: Any = boto3.client("sesv2", config=_CONFIG)
    client.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": list(recipients)},
        Content={
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": body, "Charset": "UTF-8"}},
            }
        },
    )
