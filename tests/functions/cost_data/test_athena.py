"""The aggregation on Athena: its dialect, and the calls with recorded answers."""

import re
from datetime import date
from decimal import Decimal

import pytest
import sqlglot
from sqlglot import exp

from functions.cost_data.formats import CUR, FOCUS
from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings
from functions.cost_data.sources import athena
from functions.cost_data.sources.aws import AwsError
from tests.functions.cost_data.recorded_aws import RecordedAws

SETTINGS = Settings(
    engine="athena", athena_database="billing", athena_table="focus", athena_workgroup="cost-data"
)
OCTOBER = date(2026, 10, 1)
COLUMNS = (
    "day", "billing_period", "provider", "billing_account", "account", "region", "service",
    "usage_type_group", "charge_category", "tag_team", "tag_service", "tag_environment", "tag_cost_center",
    "billed", "effective", "charges", "usage_type", "quantity", "currency", "without_amount", "rounded",
)  # fmt: skip
TYPES = {"day": "date", "billing_period": "date", "billed": "decimal", "effective": "decimal",
         "charges": "bigint", "quantity": "decimal", "without_amount": "bigint",
         "rounded": "bigint"}  # fmt: skip
ROW = (
    "2026-10-05", "2026-10-01", "AWS", "1", "2", "us-east-1", "Amazon S3", "", "usage",
    "platform", "", "", "",
    "1234567890.1234567890123456789012345678", "-0.0000000000000000000000000001", "7",
    "TimedStorage-ByteHrs", "2.5000000000", "USD", "0", "1",
)  # fmt: skip


def table(bill=FOCUS, missing=(), partition="billing_period"):
    """The table of an export, as Glue describes it: column names in lower case, tags as a map."""
    names = [name.lower() for name in {**bill.mandatory, **bill.optional}.values() if name not in missing]
    return {
        "TableMetadata": {
            "Name": "focus",
            "Columns": [
                {"Name": name, "Type": "map<string,string>" if name in ("tags", "resource_tags", "product")
                 else "double" if name.endswith("cost") else "string"}
                for name in names
            ],
            "PartitionKeys": [{"Name": partition, "Type": "string"}],
        }
    }  # fmt: skip


def result(*rows):
    return {
        "ResultSet": {
            "Rows": [
                {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
                for row in (COLUMNS, *rows)
            ],
            "ResultSetMetadata": {
                "ColumnInfo": [{"Name": name, "Type": TYPES.get(name, "varchar")} for name in COLUMNS]
            },
        }
    }


def status(state, reason=""):
    return {
        "QueryExecution": {
            "Status": {"State": state, "StateChangeReason": reason},
            "Statistics": {"DataScannedInBytes": 123_456},
        }
    }


def aws(**answers):
    return RecordedAws(
        **{
            "athena__get_table_metadata": table(),
            "athena__start_query_execution": {"QueryExecutionId": "q1"},
            "athena__get_query_execution": status("SUCCEEDED"),
            "athena__get_query_results": result(ROW),
            **answers,
        }
    )


def query_of(recorded):
    return next(
        parameters["QueryString"]
        for name, parameters in recorded.requests
        if name == "athena start_query_execution"
    )


@pytest.mark.parametrize("bill", [FOCUS, CUR], ids=["FOCUS", "CUR"])
def test_the_query_is_athena_sql_of_the_partition_and_of_functions_that_trino_has(bill):
    recorded = aws(athena__get_table_metadata=table(bill))
    list(athena.aggregated_period(recorded, SETTINGS, OCTOBER).rows)
    query = sqlglot.parse_one(query_of(recorded), read="athena")
    assert query.named_selects == list(COLUMNS)
    assert [t.sql() for t in query.find_all(exp.Table) if t.db] == ["billing.focus"]
    assert "billing_period = '2026-10'" in query.sql(dialect="athena")
    functions = set(re.findall(r"\b([A-Z_]+)\(", query_of(recorded))) - {"IN", "AS", "FROM", "THEN", "WHEN"}
    assert functions == {
        "CAST", "COALESCE", "COUNT", "DECIMAL", "JSON_EXTRACT_SCALAR", "JSON_FORMAT", "LENGTH", "LOWER",
        "NULLIF", "REGEXP_EXTRACT", "REGEXP_LIKE", "REGEXP_REPLACE", "SPLIT_PART", "SUBSTR", "SUM",
    } - ({"LOWER"} if bill is CUR else set())  # fmt: skip
    assert {cast.to.sql() for cast in query.find_all(exp.Cast)} <= {
        "DATE", "VARCHAR", "TEXT", "JSON", "INT", "DECIMAL(38, 10)", "DECIMAL(38, 28)",
    }  # fmt: skip


def test_amounts_arrive_with_every_digit_and_the_scanned_bytes_are_told():
    result = athena.aggregated_period(aws(), SETTINGS, OCTOBER)
    (row,) = result.rows
    assert (row.day, row.service, row.tag_team, row.charges) == (
        date(2026, 10, 5),
        "Amazon S3",
        "platform",
        7,
    )
    assert row.billed == Decimal("1234567890.1234567890123456789012345678")
    assert row.effective == Decimal("-1e-28")
    assert (result.bytes_scanned, result.rows.rounded) == (123_456, 1)


def test_the_query_runs_in_the_workgroup_that_bounds_it_and_is_waited_for(monkeypatch):
    monkeypatch.setattr(athena, "POLL_SECONDS", 0)
    states = iter([status("QUEUED"), status("RUNNING"), status("SUCCEEDED")])
    recorded = aws(athena__get_query_execution=lambda **_: next(states))
    athena.aggregated_period(recorded, SETTINGS, OCTOBER)
    start = dict(recorded.requests)["athena start_query_execution"]
    assert start["WorkGroup"] == "cost-data"
    assert recorded.calls["athena get_query_execution"] == 3


def test_a_query_that_scans_too_much_is_an_error_with_the_reason_of_athena():
    cancelled = aws(athena__get_query_execution=status("CANCELLED", "Bytes scanned limit was exceeded"))
    with pytest.raises(
        CostDataError, match=r"billing\.focus: Athena query q1 cancelled: Bytes scanned limit"
    ):
        athena.aggregated_period(cancelled, SETTINGS, OCTOBER)


def test_a_query_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(athena, "POLL_SECONDS", 0)
    with pytest.raises(AwsError, match="did not finish"):
        athena.aggregated_period(aws(athena__get_query_execution=status("RUNNING")), SETTINGS, OCTOBER)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (table(missing=["BilledCost"]), "billing.focus: FOCUS file without the mandatory column BilledCost"),
        (table(partition="month"), "no partition column billing_period"),
    ],
)
def test_a_table_that_is_no_bill_is_refused_before_a_query_is_paid(metadata, message):
    recorded = aws(athena__get_table_metadata=metadata)
    with pytest.raises(CostDataError, match=message):
        athena.aggregated_period(recorded, SETTINGS, OCTOBER)
    assert recorded.calls["athena start_query_execution"] == 0


def test_rows_that_cannot_be_stored_are_refused():
    euros = aws(athena__get_query_results=result((*ROW[:18], "EUR", "0", "0")))
    with pytest.raises(CostDataError, match="amounts in EUR"):
        list(athena.aggregated_period(euros, SETTINGS, OCTOBER).rows)
