"""The settings of the collector and the exporter, from environment variables with the prefix COST_DATA_."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.cost_data.records import CostDataError

PREFIX = "COST_DATA_"


class Settings(BaseModel):
    """Every setting has a default; an unknown variable with the prefix is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    export: Annotated[str, Field(pattern=r"^(s3://[^/]+/.*[^/])?$")] = ""
    """The data export, as s3://BUCKET/PREFIX/EXPORT-NAME. Empty: costs come from Cost Explorer."""

    engine: Literal["duckdb", "athena"] = "duckdb"
    """What sums up the export: DuckDB in this process, or Athena where the export outgrows one machine."""

    memory_limit: Annotated[str, Field(pattern=r"^\d+(MB|GB)$")] = "1GB"
    """The most that DuckDB keeps in memory; the rest goes to a temporary directory."""

    athena_database: str = ""
    athena_table: str = ""
    athena_workgroup: str = ""
    """The table over the export, and the workgroup, which bounds the bytes that a query scans."""

    request_limit: Annotated[int, Field(ge=0, le=10_000)] = 60
    """Cost Explorer requests a calendar month, $0.01 each (https://aws.amazon.com/aws-cost-management/aws-cost-
    explorer/pricing/, 2026-11)."""

    total_budget: str = ""
    """The AWS budget of the whole account. Empty: the largest monthly one without filters."""

    regions: tuple[str, ...] = ()
    """The Regions whose buckets and reservations are read, separated by commas. Empty: the session's."""

    top_services: Annotated[int, Field(ge=1, le=100)] = 20
    top_regions: Annotated[int, Field(ge=1, le=50)] = 10
    top_teams: Annotated[int, Field(ge=1, le=200)] = 30
    """How many a metric names; the sum of the rest is `other`."""

    database_host: str = ""
    database_port: int = 5432
    database_name: str = "postgres"
    """The PostgreSQL of the Lambda functions, which log in with IAM."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the variables. Raises CostDataError naming the variable."""
        values: dict[str, object] = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX)
        }
        if "regions" in values:
            values["regions"] = [name.strip() for name in str(values["regions"]).split(",") if name.strip()]
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise CostDataError(f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg']}") from None
        if settings.engine == "athena" and not (
            settings.athena_database and settings.athena_table and settings.athena_workgroup
        ):
            raise CostDataError(
                f"{PREFIX}ENGINE=athena needs {PREFIX}ATHENA_DATABASE, {PREFIX}ATHENA_TABLE and "
                f"{PREFIX}ATHENA_WORKGROUP"
            )
        return settings
