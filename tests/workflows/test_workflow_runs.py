"""Every `run:` block of every workflow is run with bash in a fresh clone; what it calls is recorded."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.workflows.runner import GITHUB, ROOT, Runner, action, clone_to, workflow

BACKEND = "s3://teei-finops-state?region=us-east-1"
ROLE = "arn:aws:iam::123456789012:role/teei-finops-{}"
VARIABLES = {"PULUMI_BACKEND_URL": BACKEND, "AWS_PREVIEW_ROLE_ARN": ROLE.format("preview")}
ZIPS = ("advisor.zip", "ai_budget.zip", "cost_data.zip", "reports.zip")
REVIEWS = ("reviews.yaml", "recommendations.yaml", "retention.yaml")  # test_review_runs.py
STACKS = ("staging", "prod", "prod-eu")
ENVIRONMENTS = {stack: {"AWS_DEPLOY_ROLE_ARN": ROLE.format(f"deploy-{stack}")} for stack in STACKS}
SIGN_IN = {
    stack: [
        "make setup",
        f"pulumi login {BACKEND}",
        f"pulumi config get --path teei-finops:cluster.name --stack {stack}",
        f"pulumi config get --path teei-finops:cluster.context --stack {stack}",
        f"aws eks update-kubeconfig --name {cluster} --alias {cluster}",
    ]
    for stack, cluster in zip(
        STACKS, ("teei-staging-us-east-1", "teei-prod-us-east-1", "teei-prod-eu-central-1"), strict=True
    )
}
UP = "pulumi up --yes --non-interactive --stack {} --policy-pack policies"
PREVIEW = "pulumi preview --json --show-sames --non-interactive --stack {} --policy-pack policies"
DRIFT = (
    "pulumi preview --refresh --diff --expect-no-changes --non-interactive --stack {}"
    " --policy-pack policies --color never"
)
PULL_REQUEST = {"number": 7, "base": {"sha": "HEAD"}, "head": {"sha": "a1b2c3"}}
pytestmark = pytest.mark.timeout(600)


def pull_request(repository="teei/finops"):
    head = {**PULL_REQUEST["head"], "repo": {"full_name": repository}}
    return {"pull_request": {**PULL_REQUEST, "head": head}}


def runner(directory, **changes):
    return Runner(directory, **{"variables": VARIABLES, "environments": ENVIRONMENTS, **changes})


def commands(calls, job):
    return [call.command for call in calls if call.job == job]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A push to main; the functions are built for real."""
    deployed = runner(tmp_path_factory.mktemp("deploy") / "run", build="real")
    results = deployed.run("deploy.yaml", "push")
    assert set(results.values()) == {"success"}, deployed.output
    return deployed


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    """A pull request from a branch of the repository, and the comment on it."""
    proposed = runner(tmp_path_factory.mktemp("review") / "run")
    for name in ("test.yaml", "review.yaml"):
        results = proposed.run(name, "pull_request", **pull_request())
        assert set(results.values()) == {"success"}, proposed.output
    finished = {"id": 42, "event": "pull_request", "conclusion": "success", "head_sha": "a1b2c3"}
    results = proposed.run("review-comment.yaml", "workflow_run", workflow_run=finished)
    assert results == {"publish": "success"}, proposed.output
    return proposed


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    """A nightly run that finds a difference in every stack."""
    drifted = runner(tmp_path_factory.mktemp("drift") / "run", failing="pulumi preview")
    assert drifted.run("drift.yaml", "schedule") == {"drift": "failure"}
    return drifted


def run_blocks():
    names = {path.name for path in GITHUB.glob("workflows/*.yaml")}.difference(REVIEWS)
    documents = [workflow(name) for name in names]
    steps = [
        step for document in documents for job in document["jobs"].values() for step in job.get("steps", [])
    ]
    for path in GITHUB.glob("actions/*"):
        steps += action(path.relative_to(ROOT).as_posix())["runs"]["steps"]
    return {step["run"] for step in steps if "run" in step}


def test_every_run_block_was_run(deployed, proposed, drifted):
    assert len(run_blocks()) > 15
    assert run_blocks() == {*deployed.scripts, *proposed.scripts, *drifted.scripts}


def test_main_is_tested_then_built_twice_then_deployed_to_one_stack_after_the_other(deployed):
    calls = [(call.job, call.command) for call in deployed.calls]
    assert calls == [
        *(("test", f"make {target}") for target in ("setup", "lint", "test")),
        *(("build", "make build") for _ in range(2)),
        *((f"up {stack}", command) for stack in STACKS for command in [*SIGN_IN[stack], UP.format(stack)]),
    ]


def test_every_stack_gets_the_build_that_was_compared_with_a_second_one(deployed):
    built, *others = [call.zips for call in deployed.calls if call.zips]
    assert built.keys() == set(ZIPS)
    assert all(zips == built for zips in others)
    assert len([call for call in deployed.calls if call.command.startswith("pulumi up") and call.zips]) == 3


def test_each_stack_is_deployed_with_the_role_of_its_own_environment(deployed):
    roles = {call.command: call.role for call in deployed.calls if call.command.startswith("pulumi up")}
    assert roles == {UP.format(stack): ROLE.format(f"deploy-{stack}") for stack in STACKS}


def test_nothing_is_built_or_deployed_when_a_test_fails(tmp_path):
    failed = runner(tmp_path / "run", failing="make test")
    results = failed.run("deploy.yaml", "push")
    assert results.pop("test") == "failure"
    assert set(results.values()) == {"skipped"}
    assert commands(failed.calls, "test") == ["make setup", "make lint", "make test"]
    assert {call.job for call in failed.calls} == {"test"}


def test_prod_is_not_deployed_when_staging_fails(tmp_path):
    failed = runner(tmp_path / "run", failing="pulumi up --yes --non-interactive --stack staging")
    results = failed.run("deploy.yaml", "push")
    assert (results["staging"], results["prod"], results["prod-eu"]) == ("failure", "skipped", "skipped")
    assert {call.job for call in failed.calls} == {"test", "build", "up staging"}


@pytest.mark.parametrize("zips", [{"a.zip": b"the build", "b.zip": b"another"}, {"a.zip": b"the build"}])
def test_zips_that_are_not_the_tested_build_are_not_deployed(zips, tmp_path):
    changed = runner(tmp_path / "run")
    (tmp_path / "run/artifacts/lambda").mkdir()
    for name, content in zips.items():
        (tmp_path / "run/artifacts/lambda" / name).write_bytes(content)
    tested = hashlib.sha256(b"the build" * 2).hexdigest()
    inputs = {"stack": "staging", "region": "us-east-1", "sha256": tested}
    results = changed.run_jobs(workflow("deploy-stack.yaml"), {}, inputs)
    assert results == {"up": "failure"}
    assert changed.calls == []


def test_a_repository_without_a_backend_tests_and_builds_only(tmp_path):
    without = runner(tmp_path / "run", variables={}, environments={})
    results = without.run("deploy.yaml", "push")
    assert results == {**dict.fromkeys(("test", "build"), "success"), **dict.fromkeys(STACKS, "skipped")}
    assert without.run("drift.yaml", "schedule") == {"drift": "skipped"}


def test_a_pull_request_is_tested_reviewed_in_the_sandbox_and_previewed_on_every_stack(proposed):
    assert commands(proposed.calls, "test") == ["make setup", "make lint", "make test"]
    assert commands(proposed.calls, "review") == ["make review BASE=HEAD"]
    for stack in STACKS:
        expected = [*SIGN_IN[stack], "make build", PREVIEW.format(stack)]
        assert commands(proposed.calls, f"preview {stack}") == expected
    assert proposed.summary.count("<!-- teei-finops cost review -->") == len(STACKS)


def test_a_preview_and_a_comparison_have_the_role_that_can_only_read(proposed, drifted):
    calls = [call for call in [*proposed.calls, *drifted.calls] if call.command.startswith("pulumi preview")]
    assert len(calls) == 2 * len(STACKS)
    assert {call.role for call in calls} == {ROLE.format("preview")}


def test_code_of_a_fork_runs_without_access_to_aws(tmp_path):
    fork = runner(tmp_path / "run")
    results = fork.run("review.yaml", "pull_request", **pull_request("someone/finops"))
    assert results == {"review": "success", "preview": "skipped"}
    assert [call.command for call in fork.calls] == ["make review BASE=HEAD"]
    assert fork.calls[0].role is None


def test_the_review_of_the_pull_request_becomes_a_comment_and_code_scanning_alerts(proposed):
    first, *_, comment, alerts = commands(proposed.calls, "publish")
    assert first == "gh run download 42 --repo teei/finops --name review --dir review"
    assert comment.startswith("gh api --method POST repos/teei/finops/issues/7/comments")
    assert "--field commit_sha=a1b2c3 --field ref=refs/pull/7/head" in alerts


def test_a_difference_to_the_account_fails_the_night_and_is_in_the_summary(drifted):
    for stack in STACKS:
        assert commands(drifted.calls, f"drift {stack}") == [
            *SIGN_IN[stack],
            "make build",
            DRIFT.format(stack),
        ]
        assert f"### Drift of {stack}\n```\n~ the difference of {stack}\n```" in drifted.summary


def test_an_account_like_main_passes_without_a_summary(tmp_path):
    same = runner(tmp_path / "run")
    assert same.run("drift.yaml", "schedule") == {"drift": "success"}
    assert same.summary == ""


def test_no_command_runs_with_a_kubeconfig_variable(deployed, proposed, drifted):
    """The Kubernetes provider stores its value in the state, where it differs from job to job."""
    assert {call.kubeconfig for run in (deployed, proposed, drifted) for call in run.calls} == {None}


def test_no_workflow_reads_a_secret():
    for path in [*GITHUB.rglob("*.yaml")]:
        assert "secrets." not in path.read_text(), path.name
        assert "secrets: inherit" not in path.read_text(), path.name


@pytest.mark.parametrize("name", ["review.yaml", "drift.yaml", "retention.yaml"])
def test_the_matrix_has_every_stack_with_its_region(name):
    (matrix,) = [
        job["strategy"]["matrix"]["include"] for job in workflow(name)["jobs"].values() if "strategy" in job
    ]
    assert {row["stack"]: row["region"] for row in matrix} == regions()


def test_every_stack_is_deployed_with_its_region():
    jobs = workflow("deploy.yaml")["jobs"].values()
    called = [job["with"] for job in jobs if job.get("uses", "").endswith("/deploy-stack.yaml")]
    assert {values["stack"]: values["region"] for values in called} == regions()


def regions():
    files = {path.name.split(".")[1]: path for path in ROOT.glob("Pulumi.*.yaml")}
    return {
        stack: yaml.safe_load(path.read_text())["config"]["teei-finops:region"]
        for stack, path in files.items()
    }


def test_the_build_has_the_same_bytes_whatever_the_machine_is_set_to(tmp_path):
    """In two clones, with other times and permissions of the files, locale, time zone and hash seed."""
    machines = {
        "one": (0o022, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
        "two": (0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}),
    }
    wheels = ROOT / "build/lambda/wheels"
    built = []
    for name, (umask, settings) in machines.items():
        clone = tmp_path / name
        clone.mkdir(mode=0o700)
        clone_to(clone)
        if wheels.exists():
            shutil.copytree(wheels, clone / "build/lambda/wheels")
        subprocess.run(
            [sys.executable, "-m", "functions.tools.build"],
            cwd=clone, env={**os.environ, **settings}, umask=umask, check=True,
        )  # fmt: skip
        zips = sorted((clone / "build/lambda").glob("*.zip"))
        assert [path.name for path in zips] == list(ZIPS)
        built.append([path.read_bytes() for path in zips])
        wheels = clone / "build/lambda/wheels"
    assert built[0] == built[1]
