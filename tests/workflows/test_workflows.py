"""The workflows: linted, pinned to commits, with minimal permissions; their shell scripts are run."""

import json
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
STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
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
    for path in [*FILES, GITHUB / "actions/pulumi/action.yaml"]:
        for line in path.read_text().splitlines():
            if "uses:" not in line:
                continue
            pinned += 1
            assert re.search(r"uses: (\./\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", line), (
                f"{path.name}: {line}"
            )
    assert pinned > 10


def test_one_action_has_one_pin():
    text = "".join(path.read_text() for path in [*FILES, GITHUB / "actions/pulumi/action.yaml"])
    pins = set(re.findall(r"uses: ([\w./-]+)@(\S+)", text))
    assert len({action for action, _ in pins}) == len(pins)


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_a_job_has_only_the_permissions_it_needs(workflow, job):
    assert WORKFLOWS[workflow]["permissions"] == {}
    permissions = job_of(workflow, job)["permissions"]
    writes = {name for name, level in permissions.items() if level == "write"}
    signs_in = any(step.get("uses") == "./.github/actions/pulumi" for step in job_of(workflow, job)["steps"])
    expected = {"id-token"} if signs_in else set()
    if workflow == "review-comment":
        expected = {"pull-requests", "security-events"}
    assert writes == expected


def test_code_of_a_pull_request_never_runs_with_write_permissions_and_a_fork_never_gets_credentials():
    assert "pull_request_target" not in "".join(path.read_text() for path in FILES)
    assert not any(
        "checkout" in step.get("uses", "") for step in job_of("review-comment", "publish")["steps"]
    )
    guard = job_of("review", "stacks")["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in guard
    assert "vars.AWS_PREVIEW_ROLE_ARN != ''" in guard
    assert job_of("review", "preview")["needs"] == "stacks"


def test_no_script_contains_an_expression():
    for path in [*FILES, GITHUB / "actions/pulumi/action.yaml"]:
        document = yaml.load(path.read_text(), yaml.BaseLoader)
        jobs = document.get("jobs", {"action": {"steps": document.get("runs", {}).get("steps", [])}})
        for job in jobs.values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), f"{path.name}: {step['run']}"


def test_a_pull_request_is_reviewed_in_the_sandbox_against_its_base():
    assert "pull_request" in WORKFLOWS["review"]["on"]
    step = step_of("review", "review", "Review the change")
    assert step["run"] == 'make review BASE="$BASE"'
    assert step["env"]["BASE"] == "${{ github.event.pull_request.base.sha }}"
    assert job_of("review", "review")["steps"][0]["with"]["fetch-depth"] == "0"
    assert WORKFLOWS["review-comment"]["on"]["workflow_run"]["workflows"] == [WORKFLOWS["review"]["name"]]


@pytest.mark.parametrize(("workflow", "job"), [("review", "preview"), ("deploy", "up"), ("drift", "drift")])
def test_every_stack_is_previewed_or_deployed_with_the_policy_pack_and_oidc(workflow, job):
    text = scripts(workflow, job)
    assert "--policy-pack policies" in text
    assert '--stack "$STACK"' in text
    matrix = job_of(workflow, job)["strategy"]["matrix"]
    assert matrix == {"include": "${{ fromJSON(needs.stacks.outputs.matrix) }}"}
    sign_in = next(step for step in ACTION["runs"]["steps"] if "aws-actions" in step.get("uses", ""))
    assert sign_in["with"].keys() == {"role-to-assume", "aws-region"}


def test_the_preview_on_a_pull_request_is_json():
    assert "pulumi preview --json" in scripts("review", "preview")


def test_main_is_deployed_to_one_stack_at_a_time_after_an_approval():
    deploy = WORKFLOWS["deploy"]
    assert deploy["on"] == {"push": {"branches": ["main"]}}
    assert deploy["concurrency"] == {"group": "deploy", "cancel-in-progress": "false"}
    up = job_of("deploy", "up")
    assert up["strategy"]["max-parallel"] == "1"
    assert up["environment"] == "${{ matrix.stack }}"
    assert "pulumi up --yes" in scripts("deploy", "up")


def test_drift_is_detected_every_night_and_fails_the_run():
    assert re.fullmatch(r"\d+ \d+ \* \* \*", WORKFLOWS["drift"]["on"]["schedule"][0]["cron"])
    text = scripts("drift", "drift")
    assert "pulumi preview --refresh" in text
    assert "--expect-no-changes" in text
    assert "set -o pipefail" in text


def test_the_matrix_lists_every_stack_with_its_region_staging_first():
    process = subprocess.run([GITHUB / "list-stacks"], capture_output=True, text=True, check=True)
    listed = json.loads(process.stdout.removeprefix("matrix="))
    assert sorted(job["stack"] for job in listed) == STACKS
    assert listed[0]["stack"] == "staging"
    for job in listed:
        config = yaml.safe_load((ROOT / f"Pulumi.{job['stack']}.yaml").read_text())["config"]
        assert job["region"] == config["teei-finops:region"]


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
