"""The workflows of the reviews, the recommendations and the retention are run; what they call is recorded."""

import pytest

from tests.workflows.runner import Runner, workflow

WORKFLOWS = ("reviews.yaml", "recommendations.yaml", "retention.yaml")
STACKS = ("prod", "prod-eu")
pytestmark = pytest.mark.timeout(600)


def commands(calls, job):
    return [call.command for call in calls if call.job == job]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """The reviews on a runner that reaches the database."""
    variables = {
        "REVIEWS_RUNNER": "vpc", "REVIEWS_DATABASE_HOST": "db.example", "REPORT_BUCKET": "teei-reports",
    }  # fmt: skip
    environments = {"retention-prod": {"DATABASE_HOST": "prod.example"}}
    directory = tmp_path_factory.mktemp("reviews") / "run"
    reviewed = Runner(directory, variables=variables, environments=environments)
    results = reviewed.run("reviews.yaml", "schedule")
    assert results == {"retention": "failure", "reviews": "success"}, reviewed.output
    results = reviewed.run("recommendations.yaml", "schedule")
    assert results == {"recommendations": "success"}, reviewed.output
    return reviewed


def test_the_reviews_are_made_with_a_password_of_minutes_and_a_verified_certificate(reviewed):
    login, make = commands(reviewed.calls, "reviews")
    assert login == "aws rds generate-db-auth-token --hostname db.example --port 5432 --username reports"
    assert make.startswith(
        "make reviews DATABASE_URL=postgresql://reports@db.example:5432/ai_budget?sslmode="
    )
    assert make.endswith(
        "verify-full&sslrootcert=functions/certificates/rds-ca.pem RETENTION=build/retention"
    )
    login, make = commands(reviewed.calls, "recommendations")
    assert login.endswith("--username cost_data")
    assert make.startswith("make recommendations DATABASE_URL=postgresql://cost_data@db.example:5432/")


def test_the_retention_of_every_stack_is_verified_and_the_result_kept_although_it_differs(reviewed):
    login = "aws rds generate-db-auth-token --hostname prod.example --port 5432 --username reports"
    for stack in STACKS:
        *logins, upload = commands(reviewed.calls, f"verify {stack}")[1:]
        assert logins == ([login] if stack == "prod" else [])
        assert upload == f"aws s3 cp build/retention/{stack}.json s3://teei-reports/retention/{stack}.json"
        result = reviewed.directory / f"artifacts/retention-{stack}/{stack}.json"
        assert result.read_text() == f"-m retention verify --stack {stack} --json\n"


def test_a_stack_that_could_not_be_verified_has_no_result_for_the_reviews_to_read(reviewed):
    assert len(commands(reviewed.calls, "verify staging")) == 1
    assert not list((reviewed.directory / "artifacts").rglob("staging.json"))


def test_without_a_runner_no_review_is_made(tmp_path):
    assert Runner(tmp_path / "run").run("reviews.yaml", "schedule") == {
        "retention": "skipped",
        "reviews": "skipped",
    }


def test_every_run_block_was_run(reviewed):
    jobs = [job for name in WORKFLOWS for job in workflow(name)["jobs"].values()]
    assert {step["run"] for job in jobs for step in job.get("steps", []) if "run" in step} == {
        *reviewed.scripts
    }
