"""The aggregation of a data export on Athena, with the same SQL as on DuckDB.

The workgroup bounds the bytes that a query scans and names where results go.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from functions.cost_data.aggregate import Checked, aggregate_query
from functions.cost_data.formats import columns_query, recognize
from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError

POLL_SECONDS = 1.0
MAX_POLLS = 840  # 14 minutes, below the longest that a Lambda function runs
PARTITION_COLUMN = "billing_period"
# The types of a result column that are not text: https://docs.aws.amazon.com/athena/latest/ug/data-types.html.
_READERS = {"date": date.fromisoformat, "decimal": Decimal, "bigint": int, "integer": int}


@dataclass(frozen=True)
class AthenaResult:
    """The costs of a billing period and the bytes that Athena scanned for them."""

    rows: Checked
    bytes_scanned: int


def aggregated_period(aws: Aws, settings: Settings, period: date) -> AthenaResult:
    """The costs of a billing period. Raises AwsError; CostDataError if the table or the query is wrong."""
    name = f"{settings.athena_database}.{settings.athena_table}"
    execution = aws.call(
        "athena",
        "start_query_execution",
        QueryString=_query(aws, settings, period),
        WorkGroup=settings.athena_workgroup,
        QueryExecutionContext={"Database": settings.athena_database},
    )["QueryExecutionId"]
    scanned = _wait(aws, execution, name)
    rows = Checked(_rows(aws, execution), f"{name}, {period:%Y-%m}", may_be_empty=True)
    return AthenaResult(rows, scanned)


def _query(aws: Aws, settings: Settings, period: date) -> str:
    metadata = aws.call(
        "athena",
        "get_table_metadata",
        CatalogName="AwsDataCatalog",
        DatabaseName=settings.athena_database,
        TableName=settings.athena_table,
    )["TableMetadata"]
    columns = {column["Name"]: column["Type"] for column in metadata["Columns"]}
    name = f"{settings.athena_database}.{settings.athena_table}"
    bill = recognize(columns, name)
    if PARTITION_COLUMN not in {key["Name"].lower() for key in metadata.get("PartitionKeys", [])}:
        raise CostDataError(f"{name}: no partition column {PARTITION_COLUMN}; add it to the table")
    source = columns_query(bill, columns, exp.table_(settings.athena_table, db=settings.athena_database))
    partition = exp.column(PARTITION_COLUMN).eq(exp.Literal.string(f"{period:%Y-%m}"))
    return aggregate_query([(bill, source.where(partition))], "athena")


def _wait(aws: Aws, execution: str, name: str) -> int:
    """The bytes scanned, once the query has succeeded."""
    for _ in range(MAX_POLLS):
        answer = aws.call("athena", "get_query_execution", QueryExecutionId=execution)["QueryExecution"]
        state = answer["Status"]["State"]
        if state == "SUCCEEDED":
            return int(answer.get("Statistics", {}).get("DataScannedInBytes", 0))
        if state in ("FAILED", "CANCELLED"):
            reason = answer["Status"].get("StateChangeReason", "no reason given")
            raise CostDataError(f"{name}: Athena query {execution} {state.lower()}: {reason}")
        time.sleep(POLL_SECONDS)
    raise AwsError(f"athena query {execution} did not finish in {MAX_POLLS * POLL_SECONDS:.0f} s")


def _rows(aws: Aws, execution: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a result. Its first row is the header."""
    header = True
    for page in aws.pages("athena", "get_query_results", QueryExecutionId=execution):
        types = [column["Type"] for column in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        for row in page["ResultSet"]["Rows"]:
            if header:
                header = False
                continue
            yield tuple(
                _READERS.get(kind, str)(cell["VarCharValue"]) if "VarCharValue" in cell else None
                for kind, cell in zip(types, row["Data"], strict=True)
            )
