"""The Lambda function of the reviews, invoked by schedules with `{"task": …}`.

`monthly` and `quarterly` make the review of the period that ended last, and `check` fails if a report that
must be there is not in the bucket. The environment is that of settings.py.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools import Logger

from functions.cost_data.sources.aws import connection_urls
from functions.reports.delivery import ReportBucket, mail_body, mail_subject
from functions.reports.figures.storage import read_retention
from functions.reports.monthly import Inputs
from functions.reports.records import ReportError
from functions.reports.render.files import write_files
from functions.reports.reviews import make_review
from functions.reports.schedule import KINDS, due_period, expected_reviews, recommendations_since
from functions.reports.settings import Settings
from functions.reports.store import Store
from functions.shared.report_delivery import send_mail

USER = "reports"  # the role of functions/ai_budget/sql/roles.sql
logger = Logger(service="reports")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Runs a task. Every error is raised, for a retry and the alarm."""
    settings, now = Settings.from_environment(os.environ), datetime.now(UTC)
    bucket, task = ReportBucket(settings.report_bucket), event.get("task")
    if task == "check":
        return check(bucket, now)
    if task in KINDS:
        return deliver_review(task, Store(database_url(settings)), bucket, settings, now)
    raise ReportError(f"task {task!r}: not one of {', '.join((*KINDS, 'check'))}")


def deliver_review(
    kind: str, store: Store, bucket: ReportBucket, settings: Settings, now: datetime
) -> dict[str, Any]:
    """Makes the review that is due, puts its files into the bucket and mails links to them."""
    inputs = Inputs(
        retention=[read_retention(text, key) for key, text in bucket.retention_results()],
        plan_discount=settings.plan_discount_percent / 100,
    )
    review = make_review(store, kind, due_period(kind, now.date()), now, inputs)
    with TemporaryDirectory(prefix="reports-") as folder:
        keys = bucket.upload(review, write_files(review, Path(folder)))
    recipients = settings.report_recipients if kind == "monthly" else settings.executive_recipients
    if recipients:
        body = mail_body(review, bucket, keys, settings.link_hours)
        send_mail(settings.report_sender, recipients, mail_subject(review), body)
    logger.info("review delivered", extra={"keys": keys, "state": review.state.value})
    return {"state": review.state.value, "keys": keys}


def check(bucket: ReportBucket, now: datetime) -> dict[str, Any]:
    """Looks for the reports that must be there. Raises ReportError naming those that are not."""
    expected = expected_reviews(now.date())
    missing = [
        f"the {review.state.value} {review.kind} review of {review.period}"
        for review in expected
        if not bucket.has(review)
    ]
    since = recommendations_since(now.date())
    if not bucket.has_recommendations(since):
        missing.append(f"the recommendations of {since}")
    if missing:
        raise ReportError(f"not in the bucket {bucket.name}: {'; '.join(missing)}")
    return {"found": len(expected) + 1}


def database_url(settings: Settings) -> Callable[[], str]:
    """Connection URLs, each with a new password. The function raises AwsError."""
    return connection_urls(settings.database_host, settings.database_port, settings.database_name, USER)
