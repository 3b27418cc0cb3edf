"""The verification of one stack: each store that can be reached, compared with the settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from retention.errors import RetentionError
from retention.findings import Difference, Findings
from retention.stack import Stack
from retention.stores import clickhouse, loki, postgresql, rds, s3
from retention.stores.aws import Aws
from retention.stores.clickhouse import Server


@dataclass(frozen=True)
class Sources:
    """Where the stores are. A source that is None is not verified.

    `aws` opens the account, and raises RetentionError when it cannot.
    """

    aws: Callable[[], Aws] | None = None
    loki_url: str | None = None
    clickhouse: Server | None = None
    database_url: str | None = None


@dataclass
class Verification:
    """`errors` are the stores that could not be read, `not_verified` those without a source, with the reason."""

    stack: str
    at: datetime
    findings: list[Findings] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    not_verified: dict[str, str] = field(default_factory=dict)

    @property
    def differences(self) -> list[Difference]:
        return [difference for findings in self.findings for difference in findings.differences]

    @property
    def exit_code(self) -> int:
        if self.errors:
            return 2
        return 1 if self.differences else 0

    def measured(self, store: str) -> dict[str, Any]:
        """What was measured of a store; empty if it was not verified."""
        return next((findings.measured for findings in self.findings if findings.store == store), {})


def verify(stack: Stack, sources: Sources, now: datetime) -> Verification:
    """Verifies every store that has a source. Raises RetentionError when none has."""
    verification = Verification(stack.name, now)
    settings = stack.settings

    def read(store: str, findings_of: Callable[[], Findings] | None, option: str) -> None:
        if findings_of is None:
            verification.not_verified[store] = option
            return
        try:
            verification.findings.append(findings_of())
        except RetentionError as error:
            verification.errors[store] = str(error)

    account: Aws | None = None
    if sources.aws:
        try:
            account = sources.aws()
        except RetentionError as error:
            verification.errors["aws"] = str(error)
    if not verification.errors:
        aws = account
        read("s3", aws and (lambda: s3.verify(aws, stack.buckets, now)), "left out with --no-aws")
        read("rds", aws and (lambda: rds.verify(aws, settings.database, now)), "left out with --no-aws")
    url = sources.loki_url
    read("loki", url and (lambda: loki.verify(url, settings, _expiration(verification, stack))), "--loki-url")
    server = sources.clickhouse
    read(
        "clickhouse",
        server and (lambda: clickhouse.verify(server, settings.clickhouse, now)),
        "--clickhouse-url",
    )
    database = sources.database_url
    read(
        "postgresql",
        database and (lambda: postgresql.verify(database, settings.database, now)),
        "--database-url",
    )
    if not verification.findings and not verification.errors:
        raise RetentionError(
            "no store to verify; leave out --no-aws, or give --loki-url, --clickhouse-url or --database-url"
        )
    return verification


def _expiration(verification: Verification, stack: Stack) -> int | None:
    """The age at which the bucket of Loki deletes chunks: its rule where S3 was read, else the declared one."""
    logs = stack.settings.storage.logs
    measured = verification.measured("s3").get(logs.name)
    return measured["expiration_days"] if measured else logs.expiration_days
