"""`teei-finops usage from focus`: measured usage from a bill, without an account."""

import gzip
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from teei_finops.cli import main
from teei_finops.costing.bill.focus import read_bill
from teei_finops.costing.usage.profile import read_usage
from tests.teei_finops.costing.bill.focus_files import charge, write_bill
from tests.teei_finops.costing.preview_builder import BUCKET, QUEUE, preview, step

ROOT = Path(__file__).parents[4]
SAMPLE = ROOT / "tests/functions/cost_data/focus_sample_1_0.csv"
ARN = "arn:aws:sqs:us-east-1:123456789012:jobs"
# 30 days, which a month of 730 hours scales by 730/720.
ROWS = (
    charge("AWSQueueService", "Requests-Tier1", ARN, ConsumedQuantity=500),
    charge("AWSQueueService", "USW2-Requests-Tier1", ARN, ConsumedQuantity=220,
           ChargePeriodStart="2026-10-30 00:00:00", ChargePeriodEnd="2026-10-31 00:00:00"),
    charge("AmazonS3", "TimedStorage-ByteHrs", "data-1", ConsumedQuantity=36),
    charge("AmazonS3", "Requests-Tier1", ARN, ConsumedQuantity=7),
    charge("AWSQueueService", "Requests-Tier1", "arn:of:another:queue", ConsumedQuantity=9),
)  # fmt: skip


@pytest.fixture
def plan(tmp_path):
    file = tmp_path / "plan.json"
    queue = step("same", QUEUE, "jobs", old={}, new={}, outputs={"arn": ARN})
    bucket = step("same", BUCKET, "data", old={}, new={}, id="data-1")
    file.write_text(preview(queue, bucket))
    return file


def usage(bill: Path, plan: Path, tmp_path: Path) -> dict:
    output = tmp_path / "usage.yaml"
    assert main(["usage", "from", "focus", str(bill), str(plan), "--output", str(output)]) == 0
    entries = read_usage(output).resources
    return {
        urn.rpartition("::")[2]: {k: v.expected for k, v in keys.items()} for urn, keys in entries.items()
    }


def expected(*, scale: Decimal) -> dict:
    return {
        "jobs": {"monthly_requests": round(720 * scale, 6)},
        "data": {"standard_storage_gb": round(36 * scale, 6)},
    }


def test_consumed_quantities_become_monthly_usage(plan, tmp_path):
    bill = write_bill(tmp_path / "bill.csv", *ROWS)
    assert usage(bill, plan, tmp_path) == expected(scale=Decimal(730) / 720)


@pytest.mark.parametrize("kind", ["parquet", "csv.gz"])
def test_a_bill_may_be_compressed(plan, tmp_path, kind):
    csv = write_bill(tmp_path / "bill.csv", *ROWS)
    bill = tmp_path / f"bill.{kind}"
    if kind == "parquet":
        duckdb.read_csv(str(csv)).write_parquet(str(bill))
    else:
        bill.write_bytes(gzip.compress(csv.read_bytes()))
    assert usage(bill, plan, tmp_path) == expected(scale=Decimal(730) / 720)


def test_a_published_sample_of_focus_is_read():
    bill = read_bill(SAMPLE)
    assert not bill.has_usage_types
    assert (bill.start.date().isoformat(), bill.end.date().isoformat()) == ("2024-09-01", "2024-10-01")
    assert {"AWSQueueService", "AmazonEC2", "AmazonS3"} <= {charge.service for charge in bill.charges}
    assert not {"Storage Accounts", "COMPUTE"} & {charge.service for charge in bill.charges}


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda _: SAMPLE, "no column x_UsageType"),
        (lambda path: write_bill(path, *ROWS, without="ListCost"), "no column ListCost"),
        (lambda path: write_bill(path, ROWS[0] | {"ProviderName": "Microsoft"}), "no charge of AWS"),
        (lambda path: write_bill(path, ROWS[0] | {"BilledCost": "much"}), "not a FOCUS export"),
        (lambda path: path, "no such file"),
    ],
)
def test_a_file_that_is_no_bill_is_named_in_one_line(capsys, plan, tmp_path, make, problem):
    assert main(["usage", "from", "focus", str(make(tmp_path / "bill.csv")), str(plan)]) == 2
    err = capsys.readouterr().err
    assert problem in err
    assert err.count("\n") == 1
