"""Where a review goes: the bucket, and a mail with links."""

import mimetypes
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from functions.reports.formatting import text
from functions.reports.records import Review, Unit
from functions.reports.schedule import Expected
from functions.shared import report_delivery

RETENTION = "retention/"
RECOMMENDATIONS = "recommendations/cost-recommendations-"
CONTENT_TYPES = {
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ReportBucket(report_delivery.ReportBucket):
    """The reviews, and what they are made from, in the bucket of the reports.

    Every method raises botocore's errors.
    """

    def upload(self, review: Review, paths: Sequence[Path]) -> list[str]:
        """Puts the files of a review where `has` looks for them; returns their keys."""
        folder = _folder(Expected(review.kind, review.period, review.state))
        keys = []
        for path in paths:
            key = f"{folder}{path.name}"
            kind = CONTENT_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
            self.write(key, path.read_bytes(), kind or "application/octet-stream")
            keys.append(key)
        return keys

    def has(self, review: Expected) -> bool:
        """Whether the slides of a review are there."""
        return any(entry["Key"].endswith(".pptx") for entry in self.objects(_folder(review)))

    def has_recommendations(self, since: date) -> bool:
        """Whether the advisor has written a report on a day or after it."""
        return any(entry["LastModified"].date() >= since for entry in self.objects(RECOMMENDATIONS))

    def retention_results(self) -> list[tuple[str, str]]:
        """(key, text) of the results of `storage-retention.sh verify --json`."""
        keys = [entry["Key"] for entry in self.objects(RETENTION) if entry["Key"].endswith(".json")]
        return [(key, self.read(key).decode()) for key in keys]


def mail_subject(review: Review) -> str:
    """The subject: it says whether the figures can still change."""
    return f"{review.title} ({review.state.value})"


def mail_body(review: Review, bucket: ReportBucket, keys: Sequence[str], hours: int) -> str:
    """The results of the agenda, links to the files, and where they stay."""
    status = f"Draft, estimated: {review.why_draft}." if review.why_draft else "Final."
    lines = [f"{review.title}. {status} As of {text(review.at.date(), Unit.DATE)}.", ""]
    lines += [f"- {item.title}: {item.headline}" for item in review.items]
    lines += ["", f"These links need no login and end within {hours} hours:", ""]
    for key in keys:
        lines += [key.rpartition("/")[2], bucket.link(key, hours), ""]
    lines += [
        "The files stay here, for who can log in to the account:",
        bucket.console(f"{keys[0].rpartition('/')[0]}/"),
    ]
    return "\n".join(lines) + "\n"


def _folder(review: Expected) -> str:
    return f"reviews/{review.kind}/{review.period}/{review.state.value}/"
