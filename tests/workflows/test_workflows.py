"""The workflows: linted, pinned to commits, with minimal permissions; their shell scripts are run."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from teei_finops.review.render.markdown import MARKER

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FILES = sorted(GITHUB.glob("workflows/*.yaml"))
WORKFLOWS = {path.stem: yaml.load(path.read_text(), yaml.BaseLoader) for path in FILES}
ACTION = yaml.load((GITHUB / "actions/pulumi/action.yaml").read_text(), yaml.BaseLoader)
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]


def job_of(workflow, job):
    return WORKFLOWS[workflow]["jobs"][job]


def step_of(workflow, job, name):
    return next(step for step in job_of(workflow, job)["steps"] if step.get("name") == name)


def scripts(workflow, job):
    return "\n".join(step.get("run", "") for step in job_of(workflow, job)["steps"])


@pytest.mark.timeout(600)
def test_actionlint_reports_no_error():
    build = subprocess.run([GITHUB / "actionlint/build"], capture_output=True, text=True, check=False)
    assert build.returncode == 0, build.stderr
    command = [ROOT / ".tools/actionlint", "-shellcheck=", "-pyflakes=", "-no-color", *FILES]
    lint = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout


def test_every_action_is_local_or_pinned_to_a_commit_with_its_version():
    pinned = 0
    for path in [*FILES, GITHUB / "actions/pulumi/action.yaml", ROOT / "action.yml"]:
        for line in path.read_text().splitlines():
            if "uses:" not in line:
                continue
            pinned += 1
            assert re.search(r"uses: (\./\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", line), (
                f"{path.name}: {line}"
            )
    assert pinned > 10


def test_one_action_has_one_pin():
    text = "".join(
        path.read_text() for path in [*FILES, GITHUB / "actions/pulumi/action.yaml", ROOT / "action.yml"]
    )
    pins = set(re.findall(r"uses: ([\w./-]+)@(\S+)", text))
    assert len({action for action, _ in pins}) == len(pins)


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_a_job_has_only_the_permissions_it_needs(workflow, job):
    assert WORKFLOWS[workflow]["permissions"] == {}
    permissions = job_of(workflow, job)["permissions"]
    writes = {name for name, level in permissions.items() if level == "write"}
    steps = job_of(workflow, job).get("steps", [])
    signs_in = any(step.get("uses") == "./.github/actions/pulumi" for step in steps)
    deploys = job_of(workflow, job).get("uses") == "./.github/workflows/deploy-stack.yaml"
    expected = {"id-token"} if signs_in or deploys else set()
    if workflow == "review-comment":
        expected = {"pull-requests", "security-events"}
    assert writes == expected


def test_code_of_a_pull_request_never_runs_with_write_permissions():
    assert "pull_request_target" not in "".join(path.read_text() for path in FILES)
    assert not any(
        "checkout" in step.get("uses", "") for step in job_of("review-comment", "publish")["steps"]
    )


def test_the_comment_is_made_after_every_review():
    assert WORKFLOWS["review-comment"]["on"]["workflow_run"]["workflows"] == [WORKFLOWS["review"]["name"]]
    assert job_of("review", "review")["steps"][0]["with"]["fetch-depth"] == "0", "the base is needed"


def test_only_main_is_deployed_and_only_one_deployment_runs_at_a_time():
    deploy = WORKFLOWS["deploy"]
    assert deploy["on"] == {"push": {"branches": ["main"]}}
    assert deploy["concurrency"] == {"group": "deploy", "cancel-in-progress": "false"}
    assert WORKFLOWS["deploy-stack"]["on"].keys() == {"workflow_call"}


@pytest.mark.parametrize(
    ("workflow", "job", "environment"),
    [
        ("deploy-stack", "up", "${{ inputs.stack }}"),
        ("review", "preview", "preview"),
        ("drift", "drift", "drift"),
    ],
)
def test_a_job_with_access_to_aws_has_an_environment(workflow, job, environment):
    """Whose protection rules in GitHub are in docs/deploy.md; the roles trust no job without one."""
    assert job_of(workflow, job)["environment"] == environment


def test_only_jobs_with_an_environment_sign_in():
    signing_in = [
        (name, job)
        for name, job in JOBS
        if any(step.get("uses") == "./.github/actions/pulumi" for step in job_of(name, job).get("steps", []))
    ]
    assert sorted(signing_in) == [("deploy-stack", "up"), ("drift", "drift"), ("review", "preview")]


def test_drift_is_detected_every_night():
    assert re.fullmatch(r"\d+ \d+ \* \* \*", WORKFLOWS["drift"]["on"]["schedule"][0]["cron"])


def test_the_workflows_install_the_engine_that_the_sandbox_builds():
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("uses", "").startswith("pulumi/actions@")]
    version = step["with"]["pulumi-version"]
    go_mod = (ROOT / "teei_finops/sandbox/engine/go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{version}\n" in go_mod


def test_no_script_contains_an_expression():
    for path in [*FILES, GITHUB / "actions/pulumi/action.yaml", ROOT / "action.yml"]:
        document = yaml.load(path.read_text(), yaml.BaseLoader)
        jobs = document.get("jobs", {"action": {"steps": document.get("runs", {}).get("steps", [])}})
        for job in jobs.values():
            for step in job.get("steps", []):
                assert "${{" not in step.get("run", ""), f"{path.name}: {step['run']}"


class Publishing:
    """Runs the steps that publish a review with a fake `gh`, which answers from files and logs its calls."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "review").mkdir()
        (directory / "review/pull-request.txt").write_text("7\n")
        (directory / "review/review.md").write_text(f"{MARKER}\n\n# Review\n")
        (directory / "bin").mkdir()
        (directory / "comment").write_text("")
        (directory / "head").write_text("abc")
        gh = directory / "bin/gh"
        gh.write_text(
            '#!/bin/sh\necho "$@" >> calls\n'
            'case "$*" in *pulls/7*) cat head ;; *--paginate*) cat comment ;;'
            " *sarifs*) exit ${SARIF_EXIT:-0} ;; esac\n"
        )
        gh.chmod(0o755)

    def run(self, name: str, **environment: str) -> subprocess.CompletedProcess:
        step = step_of("review-comment", "publish", name)
        known = {"MARKER": step.get("env", {}).get("MARKER", ""), "COMMIT": "abc", "NUMBER": "7"}
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.directory,
            env={
                **os.environ, "REPOSITORY": "teei/finops", "GITHUB_OUTPUT": "output", **known, **environment,
                "PATH": f"{self.directory / 'bin'}:{os.environ['PATH']}",
            },
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    @property
    def calls(self) -> str:
        path = self.directory / "calls"
        return path.read_text() if path.exists() else ""


FIND = "Find the pull request"
COMMENT = "Create or update the comment"
SARIF = "Upload the findings as SARIF"


def test_the_first_review_creates_a_comment_and_the_next_one_updates_it(tmp_path):
    publishing = Publishing(tmp_path)
    assert publishing.run(COMMENT).returncode == 0
    assert (
        "--method POST repos/teei/finops/issues/7/comments --field body=@review/review.md" in publishing.calls
    )
    (tmp_path / "comment").write_text("42\n43\n")
    assert publishing.run(COMMENT).returncode == 0
    assert (
        "--method PATCH repos/teei/finops/issues/comments/42 --field body=@review/review.md"
        in publishing.calls
    )


def test_the_comment_has_the_marker_of_the_review_even_if_the_review_failed(tmp_path):
    assert step_of("review-comment", "publish", COMMENT)["env"]["MARKER"] == MARKER
    publishing = Publishing(tmp_path)
    publishing.run(COMMENT)
    assert (tmp_path / "review/review.md").read_text().count(MARKER) == 1
    (tmp_path / "review/review.md").unlink()
    publishing.run(COMMENT)
    assert MARKER in (tmp_path / "review/review.md").read_text()
    assert "The review failed" in (tmp_path / "review/review.md").read_text()


def test_a_review_is_published_only_for_the_current_commit_of_the_pull_request(tmp_path):
    publishing = Publishing(tmp_path)
    assert publishing.run(FIND).returncode == 0
    assert (tmp_path / "output").read_text() == "number=7\n"
    (tmp_path / "output").unlink()
    (tmp_path / "head").write_text("def")
    assert publishing.run(FIND).returncode == 0
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("number", ["", "7; rm -rf /", "../8", "$(id)"])
def test_a_pull_request_number_that_is_not_a_number_is_rejected(tmp_path, number):
    publishing = Publishing(tmp_path)
    (tmp_path / "review/pull-request.txt").write_text(number)
    assert publishing.run(FIND).returncode == 1
    assert publishing.calls == ""


def test_findings_are_uploaded_and_a_repository_without_code_scanning_gets_a_notice(tmp_path):
    publishing = Publishing(tmp_path)
    assert publishing.run(SARIF).stdout == "no findings to upload\n"
    (tmp_path / "review/policy.sarif").write_text("{}")
    assert publishing.run(SARIF).returncode == 0
    assert "code-scanning/sarifs --field commit_sha=abc --field ref=refs/pull/7/head" in publishing.calls
    refused = publishing.run(SARIF, SARIF_EXIT="1")
    assert refused.returncode == 0
    assert "::notice::code scanning is not enabled" in refused.stdout
