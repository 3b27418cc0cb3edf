"""Delivers the report: to the bucket, and as a mail with the findings that have the largest savings."""

from collections.abc import Sequence

from botocore.exceptions import ClientError

from functions.advisor.findings import Report
from functions.advisor.formats import FORMATS, file_name
from functions.advisor.ownership import unambiguous, urns_of_index
from functions.shared import report_delivery

FOLDER = "recommendations/"
STATUS_KEY = f"{FOLDER}status.json"
STACKS = "stacks/"
LINK_HOURS = 12
TOP = 5
_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}


class ReportBucket(report_delivery.ReportBucket):
    """The recommendations in the bucket of the reports. Every method raises botocore's errors."""

    def upload(self, report: Report) -> dict[str, str]:
        """Puts the report in every format; returns the keys by format."""
        keys = {}
        for kind, written in FORMATS.items():
            keys[kind] = f"{FOLDER}{file_name(report.day, kind)}"
            self.write(keys[kind], written(report).encode(), _CONTENT_TYPES[kind])
        return keys

    def read_status(self) -> bytes | None:
        """The stored records of findings as JSON, or None before the first report."""
        try:
            return self.read(STATUS_KEY)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def urns(self) -> dict[str, str]:
        """The URN by resource name, from what `python -m functions.advisor urns` wrote for each stack.

        Raises AdvisorError for another object.
        """
        keys = [entry["Key"] for entry in self.objects(STACKS) if entry["Key"].endswith(".json")]
        return unambiguous(urns_of_index(self.read(key), f"s3://{self.name}/{key}") for key in keys)

    def write_status(self, content: bytes) -> None:
        """Stores the records of findings for the next report."""
        self.write(STATUS_KEY, content, "application/json")


def send_top(
    report: Report, bucket: ReportBucket, keys: dict[str, str], sender: str, to: Sequence[str]
) -> None:
    """Mails the findings with the largest savings, and links to the report. Raises botocore's errors."""
    report_delivery.send_mail(sender, to, subject(report), body(report, bucket, keys))


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
    lines += [f"These links need no login and expire within {LINK_HOURS} hours:", ""]
    for key in (keys["html"], keys["csv"]):
        lines += [key.rpartition("/")[2], bucket.link(key, LINK_HOURS), ""]
    lines += ["The files in the S3 console, for users of the account:", bucket.console(FOLDER)]
    return "\n".join(lines) + "\n"
