import json
import re
from typing import Any

import pytest

from teei_finops.review.render import table
from tests.teei_finops.review.sample_report import (
    NO_POLICY_RESULTS,
    ZERO,
    amount,
    resource,
    sample_report,
)

PRICED = [row for row in sample_report()["resources"] if row["state"] != "unpriced"]


def test_the_table_lists_changed_resources_by_stack_and_component():
    lines = table.render(sample_report()).splitlines()
    assert lines[:5] == [
        "prod (teei-finops): +$302.15 a month",
        "OPERATION  RESOURCE         TYPE                BEFORE    AFTER    CHANGE",
        "budget-database",
        "~ update   ledger           aws:rds:Instance   $100.50  $402.25  +$301.75",
        "+ create   tracks           aws:sqs:Queue        $0.00    $0.40   +$0.40*",
    ]
    assert "staging (teei-finops): −$8.00 a month, 1 not priced" in lines
    assert "- delete   scratch          aws:ebs:Volume       $8.00    $0.00    −$8.00" in lines
    assert "+ create   odd|<b>name</b>  aws:quantum:Thing                    unpriced" in lines
    assert "* depends on usage; `teei-finops explain NAME` shows the range" in lines


def test_free_resources_are_one_line():
    text = table.render(sample_report())
    assert "1 free resource is not shown" in text.splitlines()
    assert "kubernetes:apps/v1:Deployment" not in text


def test_the_table_has_the_totals_of_each_service():
    text = table.render(sample_report())
    assert "SERVICE   BEFORE    AFTER    CHANGE\nRDS      $100.50  $402.25  +$301.75\n" in text


def test_the_table_names_violations_and_unpriced_resources():
    lines = table.render(sample_report()).splitlines()
    assert (
        "mandatory policy database-multi-az: ledger: multiAz is false in prod; set multiAz = true." in lines
    )
    assert (
        "unpriced odd|<b>name</b> (aws:quantum/thing:Thing): type unknown: aws:quantum/thing:Thing" in lines
    )


def test_the_table_ends_with_totals_and_the_outcome():
    assert table.render(sample_report()).splitlines()[-8:] == [
        "before $109.50",
        "after  at least $403.65 ($403.25 to $407.25)",
        "change +$294.15 (+$293.75 to +$297.75) a month",
        "share of the nodes of 1 workload: $20.00 ($10.00 to $30.00) a month, in no total",
        "at least $403.65 a month (+$294.15); 1 resource is not priced (odd|<b>name</b>: type unknown)",
        "fail: Blocked by policy or budget.",
        "- over budget: platform",
        "- blocked by mandatory policies: database-multi-az",
    ]


def test_the_table_of_a_change_that_passes_ends_with_its_outcome():
    report = sample_report(verdict="pass", budgets=[], policy=NO_POLICY_RESULTS)
    assert table.render(report).splitlines()[-1] == "pass: No blocking findings."


def test_no_line_is_longer_than_100_columns():
    long = resource(
        "prod", f"aws:{'m' * 80}/thing:{'T' * 80}", "n" * 200, "create", "priced", ZERO,
        amount("0", "123456789.12", "999999999.99"),
    )  # fmt: skip
    report: Any = json.loads(
        json.dumps(sample_report(resources=[*sample_report()["resources"], long]))
        .replace('"prod"', f'"{"p" * 150}"')
        .replace("storageType is gp2", " ".join(["word"] * 90))
    )
    lines = table.render(report).splitlines()
    assert max(map(len, lines)) == 100
    assert any("…" in line and "+$123,456,789.12*" in line for line in lines)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_gets_colours(is_terminal):
    text = table.render(sample_report(), is_terminal=is_terminal)
    assert ("\x1b[31mfail: Blocked by policy or budget.\x1b[0m" in text) is is_terminal
    assert re.sub(r"\x1b\[\d+m", "", text) == table.render(sample_report())
