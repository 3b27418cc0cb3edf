"""The settings of the advisor, from environment variables.

Where things are: PROMETHEUS_URL, DATABASE_URL or DATABASE_HOST with DATABASE_PORT and DATABASE_NAME,
REPORT_BUCKET, RECOMMENDATION_SENDER, RECOMMENDATION_RECIPIENTS. What the rules compare with: variables with
the prefix ADVISOR_, one for each other field of `Settings`.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.advisor.errors import AdvisorError

PREFIX = "ADVISOR_"
UNPREFIXED = {
    "prometheus_url": "PROMETHEUS_URL",
    "database_url": "DATABASE_URL",
    "database_host": "DATABASE_HOST",
    "database_port": "DATABASE_PORT",
    "database_name": "DATABASE_NAME",
    "report_bucket": "REPORT_BUCKET",
    "sender": "RECOMMENDATION_SENDER",
    "recipients": "RECOMMENDATION_RECIPIENTS",
}
LISTS = ("recipients", "regions", "owner_keys", "critical_namespaces")

Days = Annotated[int, Field(ge=1, le=366)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Amount = Annotated[Decimal, Field(ge=0)]


class Settings(BaseModel):
    """Every setting has a default. Shares are from 0 to 1, money is US dollars a month."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prometheus_url: str = ""
    """The Prometheus of the cluster. Empty: no Kubernetes rules."""

    database_url: str = ""
    """The PostgreSQL with the schema cost_data. Empty: savings are list prices, and none is realized."""

    database_host: str = ""
    database_port: int = 5432
    database_name: str = "postgres"
    """The same PostgreSQL for the Lambda function, which logs in with IAM as the role cost_data."""

    report_bucket: str = ""
    sender: str = "finops@teei.io"
    recipients: tuple[str, ...] = ()
    """Where the Lambda function writes the report, and between which addresses it mails the top five."""

    regions: tuple[str, ...] = ()
    """The Regions of the account that are read. Empty: that of the session."""

    cluster_region: str = ""
    """The Region whose prices the nodes have, where their zone does not say it. Empty: us-east-1."""

    cluster_label: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")] = "cluster"
    """The label that tells apart the clusters of one Prometheus."""

    owner_keys: tuple[str, ...] = ("team", "finops.teei.io/team", "owner", "app.kubernetes.io/part-of")
    """Tags and labels that name the owner, the first that is set."""

    window_days: Days = 14
    minimum_saving: Amount = Decimal("0.1")
    """A finding that saves less is left out."""

    low_utilization: Share = Decimal("0.4")
    """Pods that use less of their requests on average are overprovisioned."""

    cpu_percentile: Share = Decimal("0.95")
    cpu_headroom: Amount = Decimal("0.15")
    memory_percentile: Share = Decimal(1)
    memory_headroom: Amount = Decimal("0.15")
    """A recommended request is the percentile plus headroom (0.15 is 15 %), and at least the highest use."""

    growth_days: Annotated[int, Field(ge=0, le=366)] = 14
    """For how long a request must suffice where the daily peaks grow."""

    minimum_change: Share = Decimal("0.1")
    """A request that would be lowered by less stays."""

    minimum_days: Days = 3
    """Workloads that were measured on fewer days are not judged."""

    crash_restarts: Annotated[int, Field(ge=1)] = 5
    """Workloads with a container that restarted so often in the window are not judged."""

    pinned_heap_pattern: str = (
        r"(^|[^a-z])(java|jvm|jdk|jre|openjdk|temurin|corretto|tomcat|kafka|zookeeper|elasticsearch|opensearch|"
        r"cassandra|solr|keycloak|spark|flink|trino)"
    )
    """Images, containers and workloads whose heap is as large as their limit allows, whatever they need."""

    hpa_minimum: Annotated[int, Field(ge=1)] = 2
    """The lowest minimum of replicas that is advised."""

    pvc_unmounted_days: Days = 7
    idle_node_days: Days = 3
    spot_saving: Share = Decimal("0.6")
    """The discount of spot against on demand that is assumed where EC2's price history cannot be read. It
    changes by type, zone and day; AWS says up to 90 % (https://aws.amazon.com/ec2/spot/, 2026-11)."""

    critical_namespaces: tuple[str, ...] = ("kube-system",)
    """Namespaces whose workloads are neither moved to spot nor consolidated."""

    low_traffic_bytes_per_second: Amount = Decimal(1024)
    low_traffic_cores: Amount = Decimal("0.05")
    """Services that receive and send less than this, and use less than this, could be consolidated."""

    snapshot_days: Days = 90
    secret_days: Days = 90
    log_days: Days = 90
    idle_nat_gib: Amount = Decimal(1)
    """What a NAT gateway sends a month, below which it is idle."""

    oversized_cpu: Share = Decimal("0.4")
    """Databases and caches whose CPU never exceeds this share in the window can be one size smaller."""

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.window_days)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the variables. Raises AdvisorError naming the variable."""
        names = {variable: field for field, variable in UNPREFIXED.items()}
        values: dict[str, object] = {}
        for variable, text in environment.items():
            if variable in names:
                values[names[variable]] = text
            elif variable.startswith(PREFIX):
                values[variable.removeprefix(PREFIX).lower()] = text
        for field in LISTS:
            if field in values:
                values[field] = [part.strip() for part in str(values[field]).split(",") if part.strip()]
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = str(first["loc"][0])
            raise AdvisorError(f"{UNPREFIXED.get(field, PREFIX + field.upper())}: {first['msg']}") from None
