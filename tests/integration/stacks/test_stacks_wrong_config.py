"""An invalid stack config stops the commands of the sandbox with one line and exit code 2."""

import pytest

from tests.integration.stack_project import ProjectCopy

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return ProjectCopy.copied_to(tmp_path_factory.mktemp("wrong"))


def test_a_wrong_value_is_one_line_on_a_preview(project):
    project.set("staging", "budgets.cloud-s3.limit", "1,000")
    result = project.sandbox("preview", "--stack", "staging")
    printed = (result.stdout + result.stderr).splitlines()
    lines = [line for line in printed if "teei-finops:budgets.cloud-s3.limit" in line]
    assert result.returncode == 2
    assert len(lines) == 1
    assert '"1,000" is invalid: must be a plain number of US dollars' in lines[0]
    assert len(printed) < 15
    assert "Traceback" not in result.stdout + result.stderr


def test_a_misspelt_top_level_key_is_one_line_on_a_preview(project):
    file = project.directory / "Pulumi.prod-eu.yaml"
    file.write_text(file.read_text().replace("teei-finops:storage:", "teei-finops:storge:"))
    result = project.sandbox("preview", "--stack", "prod-eu")
    assert result.returncode == 2
    assert "teei-finops:storge: unknown key; did you mean storage?" in result.stdout + result.stderr


def test_a_review_of_a_stack_with_a_wrong_value_names_the_stack_and_the_error(project):
    project.set("prod", "cloud_budgets.notifications", [{"percent": 0.8, "type": "actual", "to": ["cfo"]}])
    result = project.sandbox("review", "--stack", "prod")
    assert result.returncode == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("review: prod: ")]
    assert (
        "teei-finops:cloud_budgets.notifications[0].percent: 0.8 is invalid: must be a whole percent" in line
    )
