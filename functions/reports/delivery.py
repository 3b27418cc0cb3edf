"""The report bucket and mail: the only user of boto3 here."""

import mimetypes
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from functions.reports.formatting import text
from functions.reports.records import Review, Unit
from functions.reports.schedule import Expected

RETENTION = "retention/"
RECOMMENDATIONS = "recommendations/"
_CONFIG = Config(signature_version="s3v4", retries={"mode": "standard", "max_attempts": 3})
CONTENT_TYPES = {
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ReportBucket:
    """The bucket of the reports. Every method raises botocore's errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._client = boto3.client("s3", config=_CONFIG)

    def upload(self, review: Review, paths: Sequence[Path]) -> list[str]:
        """Puts the files of a review where `has` looks for them; returns their keys."""
        folder = _folder(Expected(review.kind, review.period, review.state))
        keys = []
        for path in paths:
            key = f"{folder}{path.name}"
            kind = CONTENT_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
            self._client.put_object(
                Bucket=self.name,
                Key=key,
                Body=path.read_bytes(),
                ContentType=kind or "application/octet-stream",
            )
            keys.append(key)
        return keys

    def has(self, review: Expected) -> bool:
        """Whether the slides of a review are there."""
        return any(entry["Key"].endswith(".pptx") for entry in self._objects(_folder(review)))

    def has_recommendations(self, since: date) -> bool:
        """Whether the advisor has written a report on a day or after it."""
        return any(entry["LastModified"].date() >= since for entry in self._objects(RECOMMENDATIONS))

    def retention_results(self) -> list[tuple[str, str]]:
        """(key, text) of the results of `storage-retention.sh verify --json`."""
        keys = [entry["Key"] for entry in self._objects(RETENTION) if entry["Key"].endswith(".json")]
        return [
            (key, self._client.get_object(Bucket=self.name, Key=key)["Body"].read().decode()) for key in keys
        ]

    def link(self, key: str, hours: int) -> str:
        """A link to an object that needs no login.

        It ends after `hours`, or before that with the credentials that signed it:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html (2026-11).
        """
        parameters = {"Bucket": self.name, "Key": key}
        return self._client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=hours * 3600)

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            yield from page.get("Contents", [])


def send_mail(sender: str, recipients: Sequence[str], subject: str, body: str) -> None:
    """Sends one mail to all recipients through SES. Raises botocore's errors."""
    boto3.client("sesv2", config=_CONFIG).send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": list(recipients)},
        Content={
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": body, "Charset": "UTF-8"}},
            }
        },
    )


def mail_subject(review: Review) -> str:
    """The subject: it says whether the figures can still change."""
    return f"{review.title} ({review.state.value})"


def mail_body(review: Review, bucket: ReportBucket, keys: Sequence[str], hours: int) -> str:
    """The results of the agenda, links to the files, and where they stay."""
    status = f"Draft, estimated: {review.why_draft}." if review.why_draft else "Final."
    lines = [f"{review.title}. {status} As of {text(review.at.date(), Unit.DATE)}.", ""]
    lines += [f"- {item.title}: {item.headline}" for item in review.items]
    lines += ["", f"The links end within {hours} hours:", ""]
    for key in keys:
        lines += [key.rpartition("/")[2], bucket.link(key, hours), ""]
    lines.append(f"The files stay at s3://{bucket.name}/{keys[0].rpartition('/')[0]}/.")
    return "\n".join(lines) + "\n"


def _folder(review: Expected) -> str:
    return f"reviews/{review.kind}/{review.period}/{review.state.value}/"
