"""The cost review of the three stacks, planned on the real engine, and the gate inside the policy pack."""

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
    made = ProjectCopy.copied_to(tmp_path_factory.mktemp("costed"))
    shutil.copy(ROOT / "usage.yaml", made.directory)
    return made


@pytest.fixture(scope="module")
def reviewed(project):
    done = project.sandbox("review")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((project.directory / "build" / "review" / "review.json").read_text())


def test_nothing_in_our_stacks_is_without_a_price(reviewed):
    assert [row["urn"] for row in reviewed["resources"] if row["state"] == "unpriced"] == []
    assert {stack["stack"] for stack in reviewed["stacks"]} == set(STACKS)
    assert all(Decimal(stack["after"]["expected"]) > 0 for stack in reviewed["stacks"])
    assert reviewed["totals_of"] == "stack"
    assert reviewed["verdict"] == "pass"


def test_the_usage_profile_of_the_project_names_only_what_the_stacks_have(reviewed):
    assert [
        warning["message"] for warning in reviewed["warnings"] if "usage profile" in warning["message"]
    ] == []


def test_each_stack_bills_in_its_own_region(reviewed):
    for stack, region in (("prod", "us-east-1"), ("prod-eu", "eu-central-1"), ("staging", "us-east-1")):
        databases = [
            row["region"]
            for row in reviewed["resources"]
            if row["stack"] == stack and row["type"] == "aws:rds/instance:Instance"
        ]
        assert databases == [region]


def test_the_budgets_of_the_stack_configs_are_judged(reviewed, project):
    config = yaml.safe_load((project.directory / "Pulumi.prod.yaml").read_text())["config"]
    limits = {name: Decimal(each["limit"]) for name, each in config["teei-finops:budgets"].items()}
    judged = {row["name"]: Decimal(row["monthly_limit_usd"]) for row in reviewed["budgets"]}
    assert judged == limits
    assert {row["status"] for row in reviewed["budgets"]} == {"within"}
    assert reviewed["verdict"] == ("advisory" if reviewed["coverage"]["unpriced"] else "pass")


def test_every_resource_shows_the_line_of_the_program_that_made_it(reviewed):
    changes = [change for plan in reviewed["plan"] for change in plan["changes"]]
    assert len(changes) > 150
    without = [change["urn"] for change in changes if change["source"] is None]
    assert without == []


def test_one_dollar_of_budget_stops_the_stack_in_the_review_and_in_the_policy_pack(project, reviewed):
    assert reviewed["verdict"] != "fail"
    project.set("staging", "budgets.cloud-rds.limit", 1)
    done = project.sandbox("review", "--stack", "staging")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "over budget: cloud-rds" in done.stderr
    assert "estimated-cost-within-budget" in done.stderr
    document = json.loads((project.directory / "build" / "review" / "review.json").read_text())
    (violation,) = [
        each for each in document["policy"]["violations"] if each["policy"] == "estimated-cost-within-budget"
    ]
    assert violation["type"] == "aws:rds/instance:Instance"
    (row,) = [row for row in document["budgets"] if row["name"] == "cloud-rds"]
    assert f"${Decimal(row['after']['expected']):,.2f} a month" in violation["message"], (
        "the pack and the review estimate alike"
    )
