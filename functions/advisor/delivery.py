"""The report bucket and mail: the only user of boto3 here, beside the adapter that reads the account."""

from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.advisor.findings import Report
from functions.advisor.formats import FORMATS, file_name

FOLDER = "recommendations/"
STATUS_KEY = f"{FOLDER}status.json"
LINK_HOURS = 12
TOP = 5
_CONFIG = Config(signature_version="s3v4", retries={"mode": "standard", "max_attempts": 3})
_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}


class ReportBucket:
    """The bucket of the reports. Every method raises botocore's errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._client = boto3.client("s3", config=_CONFIG)

    def upload(self, report: Report) -> dict[str, str]:
        """Puts the report in every format; returns the keys by format."""
        keys = {}
        for kind, written in FORMATS.items():
            key = f"{FOLDER}{file_name(report.day, kind)}"
            self._client.put_object(
                Bucket=self.name, Key=key, Body=written(report).encode(), ContentType=_CONTENT_TYPES[kind]
            )
            keys[kind] = key
        return keys

    def link(self, key: str) -> str:
        """A link to an object that needs no login.

        It ends after `LINK_HOURS`, or before that with the credentials that signed it:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html (2026-11).
        """
        parameters = {"Bucket": self.name, "Key": key}
        return self._client.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=LINK_HOURS * 3600
        )

    def read(self, key: str) -> bytes | None:
        """An object, or None if it does not exist."""
        try:
            return self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self.name, Key=key, Body=content, ContentType="application/json")


def send_top(
    report: Report, bucket: ReportBucket, keys: dict[str, str], sender: str, to: Sequence[str]
) -> None:
    """Mails the findings that save most, and links to the whole report. Raises botocore's errors."""
    client: Any = boto3.client("sesv2", config=_CONFIG)
    client.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": list(to)},
        Content={
            "Simple": {
                "Subject": {"Data": subject(report), "Charset": "UTF-8"},
                "Body": {"Text": {"Data": body(report, bucket, keys), "Charset": "UTF-8"}},
            }
        },
    )


def subject(report: Report) -> str:
    """One line: how much the open findings save."""
    count = len(report.open)
    findings = "1 open finding" if count == 1 else f"{count} open findings"
    return f"Cost recommendations {report.day}: {findings}, ${report.total_effective:,.2f} a month"


def body(report: Report, bucket: ReportBucket, keys: dict[str, str]) -> str:
    """The top findings with the change to make, what was not read, and the links."""
    lines = [subject(report) + f" after commitments, ${report.total_list:,.2f} at list price.", ""]
    for number, finding in enumerate(report.open[:TOP], 1):
        saving = finding.saving_effective
        lines += [
            f"{number}. {finding.resource}: {'not priced' if saving is None else f'${saving:,.2f} a month'}",
            f"   {finding.rule}, confidence {finding.confidence}, risk {finding.risk}, "
            f"owner {finding.owner or 'unknown'}, {finding.status}",
            f"   {finding.evidence}",
            f"   {finding.change}",
            "",
        ]
    if report.notes:
        lines += ["Not read or not judged:", *(f"- {note}" for note in report.notes), ""]
    lines += [f"The links end within {LINK_HOURS} hours:", ""]
    for key in (keys["html"], keys["csv"]):
        lines += [key.rpartition("/")[2], bucket.link(key), ""]
    lines.append(f"The files stay at s3://{bucket.name}/{FOLDER}.")
    return "\n".join(lines) + "\n"
