"""A wrong stack config stops the commands of the sandbox with one clear line and exit 2."""

import pytest

from tests.integration.stack_project import ProjectCopy

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return ProjectCopy.copied_to(tmp_path_factory.mktemp("wrong"))


def test_a_wrong_value_is_one_line_on_a_preview(project):
    project.set("staging", "budgets.cloud-s3.limit", "1,000")
    done = project.sandbox("preview", "--stack", "staging")
    printed = (done.stdout + done.stderr).splitlines()
    found = [line for line in printed if "teei-finops:budgets.cloud-s3.limit" in line]
    assert done.returncode == 2
    assert len(found) == 1
    assert '"1,000"; allowed is a plain number of US dollars' in found[0]
    assert len(printed) < 15
    assert "Traceback" not in done.stdout + done.stderr


def test_a_misspelt_top_level_key_is_one_line_on_a_preview(project):
    file = project.directory / "Pulumi.prod-eu.yaml"
    file.write_text(file.read_text().replace("teei-finops:storage:", "teei-finops:storge:"))
    done = project.sandbox("preview", "--stack", "prod-eu")
    assert done.returncode == 2
    assert "teei-finops:storge: there is no such key; did you mean storage?" in done.stdout + done.stderr


def test_a_review_of_a_stack_with_a_wrong_value_says_which_stack_and_why(project):
    project.set("prod", "cloud_budget.notifications", [{"percent": 0.8, "type": "actual", "to": ["cfo"]}])
    done = project.sandbox("review", "--stack", "prod")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("review: prod: ")]
    assert "teei-finops:cloud_budget.notifications[0].percent: 0.8; allowed is a whole percent" in line
