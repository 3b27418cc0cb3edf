"""The Lambda function of the recommendations, invoked every Monday.

It writes the report to recommendations/ in the bucket REPORT_BUCKET, and mails the findings with the largest
savings. The environment variables are those of settings.py.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from functions.advisor.delivery import STATUS_KEY, ReportBucket, send_top
from functions.advisor.errors import AdvisorError, SourceError
from functions.advisor.report import Records, make_report
from functions.advisor.settings import Settings
from functions.advisor.sources import sources_of
from functions.advisor.tracking.status_file import StatusObject
from functions.advisor.tracking.store import Store
from functions.cost_data.sources.aws import connection_urls

USER = "cost_data"  # the role of functions/ai_budget/sql/roles.sql
logger = Logger(service="advisor")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Writes and mails the report. Every error is raised, for a retry and the alarm.

    Raises SourceError after delivery if a configured source failed or had no data to evaluate, or if an
    object in stacks/ is invalid. The report has the same notes.
    """
    settings, now = Settings.from_environment(os.environ), datetime.now(UTC)
    if not settings.report_bucket:
        raise AdvisorError("REPORT_BUCKET: not set; the report needs a bucket")
    return deliver(settings, ReportBucket(settings.report_bucket), now)


def deliver(settings: Settings, bucket: ReportBucket, now: datetime) -> dict[str, Any]:
    """Makes the report, puts it into the bucket, and mails it if there are recipients."""
    url: str | Callable[[], str] = settings.database_url
    if settings.database_host:
        url = database_url(settings)
    store = Store(url) if url else None
    store_of_records: Records = store or _status_object(bucket)
    if store:
        store.create_schema()
    urns, failed = {}, []
    try:
        urns = bucket.urns()
    except AdvisorError as error:
        failed.append(str(error))
    sources, notes = sources_of(settings, now, use_aws=True, urns=urns)
    outcome = make_report(sources, settings, now, store_of_records, store=store, notes=[*notes, *failed])
    failed += outcome.failed
    keys = bucket.upload(outcome.report)
    if settings.recipients:
        send_top(outcome.report, bucket, keys, settings.sender, settings.recipients)
    if failed:
        raise SourceError("; ".join(failed))
    logger.info("report delivered", extra={"keys": keys})
    return {"keys": keys, "findings": len(outcome.report.findings)}


def _status_object(bucket: ReportBucket) -> StatusObject:
    return StatusObject(bucket.read_status, bucket.write_status, f"s3://{bucket.name}/{STATUS_KEY}")


def database_url(settings: Settings) -> Callable[[], str]:
    """Connection URLs, each with a new password. The function raises AwsError."""
    return connection_urls(settings.database_host, settings.database_port, settings.database_name, USER)
