"""`teei-finops reconcile`: what was estimated, what was billed, and what explains the difference exactly."""

import json
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from teei_finops.cli import main
from teei_finops.costing.bill.reconcile import (
    COMMITMENTS,
    DISCOUNTS,
    NO_RESOURCE,
    NOT_IN_PREVIEW,
    OTHER,
    UNPRICED,
    USAGE,
)
from tests.teei_finops.costing.bill.focus_files import charge, write_bill
from tests.teei_finops.costing.preview_builder import INSTANCE, VOLUME, preview, step

D = Decimal
MONTH = {"ChargePeriodStart": "2026-10-01 00:00:00", "ChargePeriodEnd": "2026-10-31 10:00:00"}  # 730 hours
DISK = step(
    "same", VOLUME, "disk", old={"size": 100, "type": "gp3"}, new={"size": 100, "type": "gp3"}, id="vol-1"
)
ODD = step(
    "same", INSTANCE, "odd", old={"instanceType": "m99.huge"}, new={"instanceType": "m99.huge"}, id="i-9"
)


def run(capsys, tmp_path: Path, rows: list[dict], *more: str, steps=(DISK, ODD)) -> tuple[int, str, str]:
    plan = tmp_path / "plan.json"
    plan.write_text(preview(*steps))
    bill = write_bill(tmp_path / "bill.csv", *rows)
    code = main(["reconcile", "--focus", str(bill), str(plan), *more])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def services(capsys, tmp_path, rows, steps=(DISK, ODD)) -> dict[str, dict]:
    code, out, err = run(capsys, tmp_path, rows, "--format", "json", steps=steps)
    assert (code, err) == (0, "")
    return {item["service"]: item for item in json.loads(out)["services"]}


@pytest.mark.parametrize(
    ("row", "part", "amount"),
    [
        (charge("AmazonEC2", "u", "vol-1", 8, **MONTH), None, "0"),
        (charge("AmazonEC2", "u", "vol-1", 11, **MONTH), USAGE, "3"),
        (charge("AmazonEC2", "u", "i-9", 50, **MONTH), UNPRICED, "50"),
        (charge("AmazonEC2", "u", "vol-7", 5, **MONTH), NOT_IN_PREVIEW, "5"),
        (charge("AmazonEC2", "u", "", 5, **MONTH), NO_RESOURCE, "5"),
        (charge("AmazonEC2", "u", "", 5, ChargeCategory="Tax", **MONTH), OTHER, "5"),
        (charge("AmazonEC2", "u", "", -5, ChargeCategory="Credit", **MONTH), OTHER, "-5"),
        (charge("AmazonEC2", "u", "vol-1", 8, ContractedCost=6, EffectiveCost=6, **MONTH), DISCOUNTS, "-2"),
        (charge("AmazonEC2", "u", "vol-1", 8, EffectiveCost=5, **MONTH), COMMITMENTS, "-3"),
    ],
)
def test_a_difference_is_explained_by_its_part(capsys, tmp_path, row, part, amount):
    is_disk = row["ResourceId"] == "vol-1"
    rows = [row] if is_disk else [row, charge("AmazonEC2", "u", "vol-1", 8, **MONTH)]
    ec2 = services(capsys, tmp_path, rows)["AmazonEC2"]
    assert (ec2["estimated"], ec2["difference"]) == ("8", amount)
    assert ec2["parts"] == ({part: amount} if part else {})


def test_the_estimate_is_for_the_time_of_the_bill(capsys, tmp_path):
    day = charge("AmazonEC2", "u", "vol-1", 1)
    ec2 = services(capsys, tmp_path, [day])["AmazonEC2"]
    assert round(D(ec2["estimated"]), 6) == round(D(8) * 24 / 730, 6)


def test_a_service_that_is_only_billed_or_only_estimated_has_a_row(capsys, tmp_path):
    by_service = services(capsys, tmp_path, [charge("AmazonRDS", "u", "arn:db", 7, **MONTH)])
    assert (by_service["AmazonRDS"]["estimated"], by_service["AmazonRDS"]["billed"]) == ("0", "7")
    assert (by_service["AmazonEC2"]["estimated"], by_service["AmazonEC2"]["billed"]) == ("8", "0")
    assert by_service["AmazonEC2"]["parts"] == {USAGE: "-8"}


def test_the_volumes_of_an_instance_belong_to_it(capsys, tmp_path):
    outputs = {"rootBlockDevice": {"volumeId": "vol-root"}, "ebsBlockDevices": [{"volumeId": "vol-data"}]}
    inputs = {"instanceType": "m5.large"}
    web = step("same", INSTANCE, "web", old=inputs, new=inputs, id="i-1", outputs=outputs)
    rows = [charge("AmazonEC2", "u", name, 5, **MONTH) for name in ("i-1", "vol-root", "vol-data")]
    assert NOT_IN_PREVIEW not in services(capsys, tmp_path, rows, steps=(web,))["AmazonEC2"]["parts"]


def test_the_parts_of_random_bills_add_up_to_the_difference(capsys, tmp_path):
    chooser = Random(18)
    rows = [
        charge(
            chooser.choice(["AmazonEC2", "AmazonRDS", "AmazonS3"]),
            "u",
            chooser.choice(["vol-1", "i-9", "other", ""]),
            0,
            ListCost=chooser.randint(0, 10_000) / 100,
            ContractedCost=chooser.randint(0, 10_000) / 100,
            EffectiveCost=chooser.randint(-5_000, 10_000) / 100,
            ChargeCategory=chooser.choice(["Usage", "Usage", "Tax", "Credit", "Purchase"]),
            **MONTH,
        )
        for _ in range(300)
    ]
    by_service = services(capsys, tmp_path, rows)
    assert len(by_service) == 3
    for item in by_service.values():
        assert sum(map(D, item["parts"].values())) == D(item["difference"])
        assert D(item["billed"]) - D(item["estimated"]) == D(item["difference"])


def test_the_table_shows_services_parts_and_the_resources_that_differ(capsys, tmp_path):
    rows = [charge("AmazonEC2", "u", "vol-1", 11, **MONTH), charge("AmazonS3", "u", "logs", 2, **MONTH)]
    _, out, _ = run(capsys, tmp_path, rows)
    assert out.splitlines() == [
        "2026-10-01 to 2026-10-31: estimated at list prices, billed amortized",
        "",
        "SERVICE    ESTIMATED  BILLED  DIFFERENCE",
        "AmazonEC2      $8.00  $11.00      +$3.00",
        "  +$3.00 usage differs from the estimate",
        "AmazonS3       $0.00   $2.00      +$2.00",
        "  +$2.00 resources that are not in the preview",
        "total          $8.00  $13.00      +$5.00",
        "",
        "Resources that differ most, at list prices:",
        "- disk (aws:ebs/volume:Volume): $8.00 estimated, $11.00 billed",
    ]


def test_a_file_that_is_no_bill_exits_2(capsys, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(preview(DISK))
    assert main(["reconcile", "--focus", str(plan), str(plan)]) == 2
    assert "not a FOCUS export" in capsys.readouterr().err
