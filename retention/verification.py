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
    """`errors` are the stores that could not be read and why, `not_verified` those without a source."""

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

    def read(store: str, findings: Callable[[], Findings]) -> None:
        try:
            verification.findings.append(findings())
        except RetentionError as error:
            verification.errors[store] = str(error)

    if sources.aws:
        try:
            aws = sources.aws()
        except RetentionError as error:
            verification.errors["aws"] = str(error)
        else:
            read("s3", lambda: s3.verify(aws, stack.buckets, now))
            read("rds", lambda: rds.verify(aws, settings.database, now))
    else:
        verification.not_verified |= dict.fromkeys(("s3", "rds"), "left out with --no-aws")
    if loki_url := sources.loki_url:
        read("loki", lambda: loki.verify(loki_url, settings, _expiration(verification, stack)))
    else:
        verification.not_verified["loki"] = "no --loki-url"
    if server := sources.clickhouse:
        read("clickhouse", lambda: clickhouse.verify(server, settings.clickhouse, now))
    else:
        verification.not_verified["clickhouse"] = "no --clickhouse-url"
    if database_url := sources.database_url:
        read("postgresql", lambda: postgresql.verify(database_url, settings.database, now))
    else:
        verification.not_verified["postgresql"] = "no --database-url"
    if not verification.findings and not verification.errors:
        raise RetentionError(
            "no store to verify; leave out --no-aws, or give --loki-url, --clickhouse-url or --database-url"
        )
    return verification


def _expiration(verification: Verification, stack: Stack) -> int | None:
    """The age at which Loki's bucket deletes chunks: by its rule where S3 was read, else as declared."""
    logs = stack.settings.storage.logs
    measured = verification.measured("s3").get(logs.name)
    return measured["expiration_days"] if measured else logs.expiration_days
