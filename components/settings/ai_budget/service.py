"""The AI budget of a new tenant, and the AI budget service: its Lambda, its queue, its alarms."""

import re
from decimal import Decimal
from typing import Annotated, Self

from pydantic import model_validator

from components.settings.ai_budget.callers import Caller, Https
from components.settings.ai_budget.pods import CONNECTIONS_PER_POD, BudgetPods
from components.settings.types import (
    ConstraintError,
    CostAllocation,
    Email,
    LogRetentionDays,
    Name,
    Section,
    Usd,
    cost_allocation,
    default,
    integer,
    one_of,
    text,
)

# Monthly limits of the guide's tiers, US dollars. Custom has no upper limit: it starts at 50,000.
TIER_LIMITS = {"starter": Decimal(500), "professional": Decimal(2_000), "enterprise": Decimal(10_000)}
CUSTOM_MINIMUM = Decimal(50_000)
# Bytes of memory per connection that PostgreSQL on RDS allows by default, and the most that it allows:
# LEAST({DBInstanceClassMemory/9531392}, 5000); Amazon RDS User Guide, "Quotas and constraints", 2026-11.
BYTES_PER_CONNECTION = 9_531_392
MAX_CONNECTIONS = 5000
# DBInstanceClassMemory is what the processes of RDS leave of the memory, which AWS does not publish.
SHARE_OF_MEMORY = 0.75
# GiB of memory of an instance class's `large`; every size up or down doubles or halves. Other families have
# no less than the smallest here (Amazon RDS User Guide, "DB instance class hardware specifications",
# 2026-11).
_LARGE_GIB = {"t": 8, "m": 8, "r": 16, "x": 32}
_SMALLEST_LARGE_GIB = 4
_SIZE_IN_LARGES = {"micro": 0.125, "small": 0.25, "medium": 0.5, "large": 1.0, "xlarge": 2.0}
# The environment variables of a Lambda have at most 4 KB, names included
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, 2026-11).
MAX_CALLER_SIZE = 2400
CALLER_OVERHEAD, TENANT_OVERHEAD = 36, 4  # characters of TOML around a name and a tenant
# After a deployment the idle environments of the old version keep their connections beside the new ones'.
VERSIONS_CONNECTED = 2
MIGRATOR_CONNECTIONS = 1


class AiBudget(Section):
    """The AI budget that a new tenant gets, and the tier that limits it."""

    tier: Annotated[str, one_of("a tier", *TIER_LIMITS, "custom")] = default(
        "professional", "guide, Budget Tiers: the lowest tier that allows the default budget"
    )
    """Limits `default_limit`: starter 500, professional 2000, enterprise 10000, custom 50000 and more."""
    model: Annotated[
        str, text("a model id", r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}", "claude-3-5-sonnet-20241022")
    ] = default("claude-3-5-sonnet-20241022", "guide, Default Budget")
    """The model that the default budget is for."""
    default_limit: Usd = default(1000, "guide, Default Budget")
    """The monthly AI budget of a new tenant."""
    budget: Name = default("ai-tokens", "guide, Alert Matrix: TotalAISpendHigh")
    """The budget of `budgets` that counts the AI spend of all tenants together."""

    @model_validator(mode="after")
    def _limit_fits_tier(self) -> Self:
        if self.tier == "custom":
            fits, allowed = self.default_limit >= CUSTOM_MINIMUM, f"{CUSTOM_MINIMUM} or more"
        else:
            fits, allowed = self.default_limit <= TIER_LIMITS[self.tier], f"at most {TIER_LIMITS[self.tier]}"
        if not fits:
            raise self.constraint_error("default_limit", f"{allowed} with tier {self.tier}")
        return self


class ServiceAlarms(Section):
    """The thresholds of the service's alarms: counts in five minutes, unless the key has another unit."""

    errors_above: Annotated[int, integer("failed invocations", 0, 1_000_000)] = default(
        0, "chosen: every failure is reported"
    )
    """The alarm fires when more invocations of the Lambda failed."""
    throttles_above: Annotated[int, integer("throttled invocations", 0, 1_000_000)] = default(
        0, "chosen: every throttled request is reported"
    )
    """The alarm fires when more invocations were throttled because `reserved_concurrency` was reached."""
    responses_5xx_above: Annotated[int, integer("responses", 0, 1_000_000)] = default(
        10, "chosen: more than a database failover causes"
    )
    """The alarms fire when more responses of the service, or of its load balancer itself, were 5xx."""
    dead_letters_above: Annotated[int, integer("messages", 0, 1_000_000)] = default(
        0, "chosen: every dead letter is unrecorded spend"
    )
    """The alarm fires when the dead-letter queue grows by more messages."""
    dead_letter_age_days_above: Annotated[int, integer("days", 1, 13)] = default(
        7, "chosen: a week before SQS deletes a dead letter"
    )
    """The alarm fires when a dead letter is older; SQS deletes it after 14 days."""
    queue_age_seconds_above: Annotated[int, integer("seconds", 60, 1_209_600)] = default(
        900, "chosen: within the guide's alert latency of an hour"
    )
    """The alarm fires when the oldest message of the queue is older."""


class ServiceMail(Section):
    """The sender of the service's notifications, and their recipients for tenants without contacts."""

    sender: Email = default("finops@teei.io", "guide, Support Contacts")
    """An identity that SES has verified, itself or its domain."""
    tenant_admin: Email = default("finops@teei.io", "guide, Support Contacts")
    """Notified when a tenant reaches 80 %."""
    account_manager: Email = default("am-team@teei.io", "guide, Support Contacts")
    """Notified when a tenant reaches 100 %."""


class AiBudgetService(Section):
    """The AI budget service: a Lambda behind an internal load balancer, or pods, on port 3010."""

    cost_allocation: CostAllocation = cost_allocation("ai-budget", "cloud-other", "confidential")
    """The cost tags of the service."""
    name: Annotated[
        str,
        text(
            "a name of 3 to 32 lower case letters, digits and hyphens, as load balancers have it",
            r"(?!internal-)[a-z][a-z0-9-]{1,30}[a-z0-9]",
            "teei-prod-us-east-1-ai-budget",
        ),
    ]
    """The name of the Lambda, queue and load balancer: unique in the region; a change replaces them."""
    callers: tuple[Caller, ...] = ()
    """The services that may call; required in prod. Without any, every pod may."""
    https: Https | None = None
    """The HTTPS address, the only one for requests with the admin token; required in prod."""
    runtime: Annotated[str, one_of("a runtime", "lambda", "kubernetes")] = default(
        "lambda", "docs/ai-budget-operations.md: the cheaper one for few checks a second"
    )
    """What answers at `ai-budget:3010`. A Lambda runs the queue, schedules and migrations in either case."""
    kubernetes: BudgetPods | None = None
    """The pods; required with `runtime: kubernetes`."""
    memory_mib: Annotated[int, integer("MiB", 128, 10240)] = default(
        1024,
        "chosen: 0.6 vCPU, https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html, 2026-11",
    )
    """Memory of the Lambda; its CPU grows with it."""
    timeout_seconds: Annotated[int, integer("seconds", 10, 120)] = default(
        60, "chosen: the idle timeout of a load balancer"
    )
    """The longest that one invocation may run; the queue hides a message for six times as long."""
    reserved_concurrency: Annotated[int, integer("concurrent invocations", 3, 1000)] = default(
        200, "chosen: within the connections of the default database.instance_class"
    )
    """The most concurrent invocations, each with a database connection of its own; must fit the database."""
    queue_concurrency: Annotated[int, integer("concurrent invocations", 2, 1000)] = default(
        50, "chosen: a quarter of reserved_concurrency"
    )
    """The most concurrent invocations that process the queue; the rest is kept for requests."""
    other_connections: Annotated[int, integer("connections", 20, 4000)] = default(
        150, "chosen: room for operators, RDS and the pods"
    )
    """Database connections that stay free for other clients: operators, RDS itself, the pods."""
    log_retention_days: LogRetentionDays = default(30, "guide, Loki: hot storage")
    """How long CloudWatch keeps the logs of the Lambda."""
    notification_interval_minutes: Annotated[int, integer("minutes", 1, 60)] = default(
        1, "chosen: within the guide's alert latency of an hour"
    )
    """How often notifications are sent."""
    cleanup_interval_minutes: Annotated[int, integer("minutes", 1, 1440)] = default(
        5, "chosen: no request depends on it"
    )
    """How often expired reservations and ended months are cleaned up."""
    max_receive_count: Annotated[int, integer("attempts", 5, 1000)] = default(
        20, "chosen: two hours of database downtime at the default timeout"
    )
    """Attempts to record a tracked call before it moves to the dead-letter queue."""
    mail: ServiceMail = ServiceMail()
    """The sender and the recipients of notifications."""
    alarms: ServiceAlarms = ServiceAlarms()
    """The thresholds of the alarms."""

    @model_validator(mode="after")
    def _queue_leaves_concurrency_for_requests(self) -> Self:
        if self.queue_concurrency >= self.reserved_concurrency:
            raise self.constraint_error(
                "queue_concurrency", f"less than reserved_concurrency ({self.reserved_concurrency})"
            )
        return self

    @model_validator(mode="after")
    def _pods_are_configured_and_fit_the_database(self) -> Self:
        pods = self.kubernetes if self.runtime == "kubernetes" else None
        if self.runtime == "kubernetes" and pods is None:
            raise self.constraint_error(
                "kubernetes", "set with runtime kubernetes: {image: …, oidc_issuer: …}"
            )
        if pods and pods.max_replicas * CONNECTIONS_PER_POD > self.other_connections:
            maximum = self.other_connections // CONNECTIONS_PER_POD
            raise ConstraintError(
                "kubernetes.max_replicas",
                pods.max_replicas,
                f"at most {maximum}: a pod has {CONNECTIONS_PER_POD} of the database's other_connections"
                f" ({self.other_connections})",
            )
        return self

    @model_validator(mode="after")
    def _callers_fit_into_the_functions_environment(self) -> Self:
        names = [caller.name for caller in self.callers]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ConstraintError(f"callers[{index}].name", name, "unique: another caller has this name")
        size = sum(
            CALLER_OVERHEAD
            + len(caller.name)
            + sum(TENANT_OVERHEAD + len(tenant) for tenant in caller.tenants)
            for caller in self.callers
        )
        if size > MAX_CALLER_SIZE:
            requirement = f"at most {MAX_CALLER_SIZE} characters, the environment of a Lambda: use prefixes"
            raise ConstraintError("callers", f"{size} characters", requirement)
        return self

    @property
    def visibility_timeout_seconds(self) -> int:
        """Six times the Lambda's timeout, as AWS recommends for a queue that a Lambda reads.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, 2026-11.
        """
        return 6 * self.timeout_seconds


def estimated_max_connections(instance_class: str) -> int:
    """The `max_connections` that an RDS instance class has by default, estimated low."""
    family, size = instance_class.removeprefix("db.").split(".")
    multiple = re.fullmatch(r"([0-9]+)xlarge", size)
    larges = 2.0 * int(multiple[1]) if multiple else _SIZE_IN_LARGES.get(size, min(_SIZE_IN_LARGES.values()))
    gib = larges * _LARGE_GIB.get(family[0], _SMALLEST_LARGE_GIB)
    return min(int(SHARE_OF_MEMORY * gib * 1024**3 / BYTES_PER_CONNECTION), MAX_CONNECTIONS)


def max_reserved_concurrency(instance_class: str, other_connections: int) -> int:
    """The reserved concurrency that leaves `other_connections` of the database free; below 0 for none."""
    available = estimated_max_connections(instance_class) - other_connections - MIGRATOR_CONNECTIONS
    return available // VERSIONS_CONNECTED
