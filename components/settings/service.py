"""The part of the stack config about the AI budget service: its Lambda, its queue, its load balancer."""

import re
from typing import Annotated, Self

from pydantic import model_validator

from components.settings.types import Charge, Email, Section, one_of, text, whole
from teei_finops.aws_limits import LOG_RETENTION_DAYS

# Bytes of memory for each connection that PostgreSQL on RDS takes by default, and the most that it takes:
# LEAST({DBInstanceClassMemory/9531392}, 5000); Amazon RDS User Guide, "Quotas and constraints", 2026-11.
BYTES_PER_CONNECTION = 9_531_392
MOST_CONNECTIONS = 5000
# DBInstanceClassMemory is what RDS's own processes leave of the memory, which AWS does not publish.
LEFT_BY_RDS = 0.75
# GiB of an instance class's `large`; every size up or down doubles or halves. Other families have no less
# than the smallest here (Amazon RDS User Guide, "DB instance class hardware specifications", 2026-11).
_LARGE_GIB = {"t": 8, "m": 8, "r": 16, "x": 32}
_SMALLEST_LARGE_GIB = 4
_OF_LARGE = {"micro": 0.125, "small": 0.25, "medium": 0.5, "large": 1.0, "xlarge": 2.0}
# After a deployment the idle environments of the old version keep their connections beside the new ones'.
VERSIONS_CONNECTED = 2
MIGRATOR = 1


class ServiceAlarms(Section):
    """When the service's alarms fire; each is a count in five minutes where nothing else is said."""

    errors_above: Annotated[int, whole("failed invocations", 0, 1_000_000)]
    """Fires when more invocations of the Lambda failed."""
    throttles_above: Annotated[int, whole("refused invocations", 0, 1_000_000)]
    """Fires when more invocations were refused because all of `reserved_concurrency` was busy."""
    answers_5xx_above: Annotated[int, whole("answers", 0, 1_000_000)]
    """Fires when more answers said 5xx, as they do while the database is away."""
    dead_letters_above: Annotated[int, whole("messages", 0, 1_000_000)]
    """Fires when more messages are in the dead-letter queue."""
    queue_age_seconds_above: Annotated[int, whole("seconds", 60, 1_209_600)]
    """Fires when the oldest tracked call has waited longer to be booked."""


class ServiceMail(Section):
    """Who is written to about a tenant whose contacts nobody has entered, and from where."""

    sender: Email
    """An identity that SES has verified, itself or its domain."""
    tenant_admin: Email
    """Hears of 80 %."""
    account_manager: Email
    """Hears of 100 %."""


class BudgetService(Section):
    """The AI budget service: a Lambda behind an internal load balancer on port 3010."""

    charge: Charge
    """Who pays for the service."""
    name: Annotated[
        str,
        text(
            "a name of 3 to 32 lower case letters, digits and hyphens, as load balancers have it",
            r"(?!internal-)[a-z][a-z0-9-]{1,30}[a-z0-9]",
            "teei-prod-us-east-1-ai-budget",
        ),
    ]
    """Of the Lambda, its queue and its load balancer: unique in the region, and another replaces them."""
    memory_mib: Annotated[int, whole("MiB", 128, 10240)]
    """The Lambda's memory; its CPU grows with it."""
    timeout_seconds: Annotated[int, whole("seconds", 10, 120)]
    """How long one invocation may take; the queue hides a message for six times as long."""
    reserved_concurrency: Annotated[int, whole("invocations at once", 3, 1000)]
    """The most invocations at once, each with a connection of its own; must fit the database."""
    queue_concurrency: Annotated[int, whole("invocations at once", 2, 1000)]
    """How many of them may book from the queue, so that checks are never crowded out."""
    other_connections: Annotated[int, whole("connections", 20, 4000)]
    """Connections of the database that stay free for others: operators, RDS itself, the pods."""
    log_retention_days: Annotated[int, one_of("a retention that CloudWatch Logs offers", *LOG_RETENTION_DAYS)]
    """How long CloudWatch keeps the Lambda's logs."""
    outbox_minutes: Annotated[int, whole("minutes", 1, 60)]
    """How often notices are sent."""
    tidy_minutes: Annotated[int, whole("minutes", 1, 1440)]
    """How often expired reservations and ended months are tidied; nothing waits for it."""
    max_receives: Annotated[int, whole("attempts", 5, 1000)]
    """Attempts at booking a tracked call before it becomes a dead letter."""
    mail: ServiceMail
    """Who is written to, and from where."""
    alarms: ServiceAlarms
    """The thresholds of its alarms."""

    @model_validator(mode="after")
    def _checks_are_not_crowded_out(self) -> Self:
        if self.queue_concurrency >= self.reserved_concurrency:
            raise self.refused(
                "queue_concurrency", f"less than reserved_concurrency ({self.reserved_concurrency})"
            )
        return self

    @property
    def visibility_timeout_seconds(self) -> int:
        """Six times the Lambda's timeout, as AWS asks of a queue that a Lambda reads.

        docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, 2026-11.
        """
        return 6 * self.timeout_seconds


def connections_of(instance_class: str) -> int:
    """A careful guess at the connections that an RDS instance class takes by default, never too many."""
    family, size = instance_class.removeprefix("db.").split(".")
    matched = re.fullmatch(r"([0-9]+)xlarge", size)
    larges = 2.0 * int(matched[1]) if matched else _OF_LARGE.get(size, min(_OF_LARGE.values()))
    gib = larges * _LARGE_GIB.get(family[0], _SMALLEST_LARGE_GIB)
    return min(int(LEFT_BY_RDS * gib * 1024**3 / BYTES_PER_CONNECTION), MOST_CONNECTIONS)


def most_concurrency(instance_class: str, other_connections: int) -> int:
    """The reserved concurrency that leaves `other_connections` of the database free; below 0 for none."""
    return (connections_of(instance_class) - other_connections - MIGRATOR) // VERSIONS_CONNECTED
