"""The review of the stacks of this project on the real engine, and the budgets in its policy pack."""

import json
import shutil
from decimal import Decimal

import pytest
import yaml

from tests.components.stack_config import ROOT, STACKS
from tests.integration.stack_project import ProjectCopy

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    copy = ProjectCopy.copied_to(tmp_path_factory.mktemp("project"))
    shutil.copy(ROOT / "usage.yaml", copy.directory)
    return copy


def read_report(project):
    return json.loads((project.directory / "build" / "review" / "review.json").read_text())


@pytest.fixture(scope="module")
def report(project):
    review = project.sandbox("review")
    assert review.returncode == 0, review.stdout + review.stderr
    return read_report(project)


def test_every_resource_of_the_stacks_has_a_price(report):
    assert [row["urn"] for row in report["resources"] if row["state"] == "unpriced"] == []
    assert {stack["stack"] for stack in report["stacks"]} == set(STACKS)
    assert all(Decimal(stack["after"]["expected"]) > 0 for stack in report["stacks"])
    assert report["totals_of"] == "stack"
    assert report["verdict"] == "pass"


def test_no_stack_violates_a_policy(report):
    assert len(report["policy"]["rules"]) > 60
    assert report["policy"]["violations"] == []


def test_every_entry_of_the_usage_profile_matches_a_resource(report):
    assert [
        warning["message"] for warning in report["warnings"] if "usage profile" in warning["message"]
    ] == []


def test_every_stack_is_priced_in_its_own_region(report):
    for stack, region in (("prod", "us-east-1"), ("prod-eu", "eu-central-1"), ("staging", "us-east-1")):
        databases = [
            row["region"]
            for row in report["resources"]
            if row["stack"] == stack and row["type"] == "aws:rds/instance:Instance"
        ]
        assert databases == [region]


def test_the_budgets_of_the_stack_config_are_checked(report, project):
    config = yaml.safe_load((project.directory / "Pulumi.yaml").read_text())["config"]
    budgets = config["teei-finops:budgets"]["default"]
    limits = {name: Decimal(budget["limit"]) for name, budget in budgets.items()}
    reported = {row["name"]: Decimal(row["monthly_limit_usd"]) for row in report["budgets"]}
    assert reported == limits
    assert {row["status"] for row in report["budgets"]} == {"within"}
    assert report["verdict"] == ("advisory" if report["coverage"]["unpriced"] else "pass")


def test_every_change_has_the_source_line_of_its_declaration(report):
    changes = [change for plan in report["plan"] for change in plan["changes"]]
    assert len(changes) > 150
    without = [change["urn"] for change in changes if change["source"] is None]
    assert without == []


def test_an_exceeded_budget_blocks_the_stack_in_the_review_and_in_the_policy_pack(project, report):
    assert report["verdict"] != "fail"
    project.set("staging", "budgets.cloud-rds.limit", 1)
    review = project.sandbox("review", "--stack", "staging")
    assert review.returncode == 1, review.stdout + review.stderr
    assert "review: over budget: cloud-rds\n" in review.stderr
    assert "review: blocked by mandatory policies: estimated-cost-within-budget\n" in review.stderr
    blocked = read_report(project)
    (violation,) = [
        violation
        for violation in blocked["policy"]["violations"]
        if violation["policy"] == "estimated-cost-within-budget"
    ]
    assert violation["type"] == "aws:rds/instance:Instance"
    (row,) = [row for row in blocked["budgets"] if row["name"] == "cloud-rds"]
    assert f"${Decimal(row['after']['expected']):,.2f} a month" in violation["message"], (
        "the policy pack and the review disagree on the cost"
    )
