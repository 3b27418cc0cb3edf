"""`action.yml` and the GitLab template, run as a runner would, against a server that keeps the comments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.teei_finops.costing.preview_builder import VOLUME, create, preview
from tests.teei_finops.review.comment.comment_server import TOKEN, comment_server
from tests.workflows.expressions import condition, text

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
PREVIEW = preview(create(VOLUME, "disk", {"size": 100, "type": "gp3"}))
TOO_EXPENSIVE = "version: 1\nbudgets: [{name: all, scope: {}, monthly_limit_usd: 7}]\n"
# Commands that need a network, and print what they were called with.
RECORDED = ("pip", "gh")


@pytest.fixture
def server():
    with comment_server() as running:
        yield running


@pytest.fixture
def repository(tmp_path):
    """A checkout with a preview, and a PATH with our command and without pip and gh."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "preview.json").write_text(PREVIEW)
    programs = tmp_path / "bin"
    programs.mkdir()
    scripts = {name: f'echo "{name} $*" >> "{tmp_path}/calls"' for name in RECORDED}
    scripts["python"] = f'if [ "$2" = pip ]; then shift 2; exec pip "$@"; fi; exec "{sys.executable}" "$@"'
    scripts["teei-finops"] = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m teei_finops "$@"'
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return work


def bash(script: str, repository: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repository,
        env={"PATH": f"{repository.parent}/bin:{os.environ['PATH']}", "HOME": str(repository), **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def calls(repository: Path) -> list[str]:
    file = repository.parent / "calls"
    return file.read_text().splitlines() if file.exists() else []


def run_action(repository: Path, server, pull_request: int | None = 7, **inputs: str) -> tuple[bool, str]:
    """Whether the job succeeds, and what it prints; `inputs` are those that the workflow sets."""
    defaults = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()}
    assert set(inputs) <= set(defaults)
    event = repository.parent / "event.json"
    github = {"pull_request": {"number": pull_request}} if pull_request else {}
    event.write_text(json.dumps(github))
    contexts = {
        "inputs": defaults | {"github-token": TOKEN} | inputs,
        "github": {"action_path": str(ROOT), "token": TOKEN, "event": github},
        "steps": {},
    }
    output, summary = repository.parent / "output", repository.parent / "summary.md"
    failed, printed = False, ""
    for step in ACTION["runs"]["steps"]:
        if "run" not in step or not condition(step.get("if"), contexts, failed=failed):
            continue
        assert step["shell"] == "bash"
        output.write_text("")
        done = bash(
            step["run"],
            repository,
            **{name: text(value, contexts) for name, value in step.get("env", {}).items()},
            GITHUB_OUTPUT=str(output),
            GITHUB_STEP_SUMMARY=str(summary),
            GITHUB_EVENT_PATH=str(event),
            GITHUB_API_URL=server.url,
            GITHUB_REPOSITORY="acme/shop",
            GITHUB_SHA="a1b2c3",
            GITHUB_REF="refs/pull/7/merge",
        )
        printed += done.stdout + done.stderr
        failed = failed or done.returncode != 0
        if "id" in step:
            pairs = (line.partition("=") for line in output.read_text().splitlines())
            contexts["steps"][step["id"]] = {"outputs": {key: value for key, _, value in pairs}}
    return not failed, printed


def test_the_action_reviews_the_preview_and_comments_once(repository, server):
    for _ in range(2):
        succeeded, printed = run_action(repository, server)
        assert succeeded, printed
    assert f"pip install --quiet --disable-pip-version-check {ROOT}[comment]" in calls(repository)
    (comment,) = server.comments.values()
    assert "## Cost review: +$8.00 a month" in comment
    assert server.requests == ["POST"], "the second review is the same"
    names = {path.name for path in (repository / "cost-review").iterdir()}
    assert names == {"review.json", "review.md", "index.html", "policy.sarif", "policy.junit.xml"}
    assert "+$8.00 a month" in (repository.parent / "summary.md").read_text()


def test_a_blocked_change_fails_the_job_after_the_comment(repository, server):
    (repository / "budgets.yaml").write_text(TOO_EXPENSIVE)
    succeeded, _ = run_action(repository, server, budgets="budgets.yaml")
    assert not succeeded
    assert "over budget: all" in server.comments[101]
    assert run_action(repository, server, budgets="budgets.yaml", fail="false")[0]


def test_without_a_pull_request_there_is_no_comment(repository, server):
    assert run_action(repository, server, pull_request=None)[0]
    assert run_action(repository, server, comment="false")[0]
    assert server.comments == {}


def test_an_error_fails_the_job_without_a_comment(repository, server):
    succeeded, printed = run_action(repository, server, preview="none.json")
    assert (succeeded, server.comments) == (False, {})
    assert "none.json: No such file or directory" in printed


def test_findings_are_uploaded_where_it_is_switched_on(repository, server):
    run_action(repository, server, sarif="true")
    (upload,) = [call for call in calls(repository) if call.startswith("gh ")]
    assert "repos/acme/shop/code-scanning/sarifs" in upload
    assert "commit_sha=a1b2c3" in upload


def test_several_projects_are_one_comment(repository, server):
    for name in ("shop", "blog"):
        (repository / name).mkdir()
        (repository / name / "preview.json").write_text(PREVIEW)
    (repository / "teei-finops.yaml").write_text(
        "version: 1\nprojects:\n"
        "  - {name: shop, directory: shop, previews: [preview.json]}\n"
        "  - {name: blog, directory: blog, previews: [preview.json], region: eu-central-1}\n"
    )
    succeeded, printed = run_action(repository, server, config="teei-finops.yaml")
    assert succeeded, printed
    (comment,) = server.comments.values()
    assert comment.count("## Cost review: +$8.00 a month") == 2


def test_several_previews_are_named_by_lines_and_globs(repository, server):
    other = PREVIEW.replace("pulumi:dev::", "pulumi:prod::")
    (repository / "prod-1.json").write_text(other)
    succeeded, printed = run_action(repository, server, preview="preview.json\nprod-*.json\n")
    assert succeeded, printed
    assert "+$16.00 a month" in server.comments[101]


def test_every_input_has_a_description_and_a_default():
    for name, value in ACTION["inputs"].items():
        assert value["description"], name
        assert "default" in value, name


# GitLab


def gitlab_job(**inputs: str) -> dict:
    specification, _ = yaml.safe_load_all((ROOT / "gitlab/cost-review.yml").read_text())
    values = {
        name: (value or {}).get("default") for name, value in specification["spec"]["inputs"].items()
    } | inputs
    source = (ROOT / "gitlab/cost-review.yml").read_text().partition("\n---\n")[2]
    for name, value in values.items():
        assert value is not None, f"{name} is required"
        source = source.replace(f"$[[ inputs.{name} ]]", value)
    assert "$[[" not in source
    return yaml.safe_load(source)["cost-review"]


def run_gitlab(repository: Path, server, token: str = TOKEN, **inputs: str) -> subprocess.CompletedProcess:
    job = gitlab_job(package="https://packages.example.com/teei_finops.whl", **inputs)
    return bash(
        "\n".join(job["script"]),
        repository,
        CI_API_V4_URL=server.url,
        CI_PROJECT_ID="acme/shop",
        CI_MERGE_REQUEST_IID="7",
        GITLAB_TOKEN=token,
    )


def test_the_gitlab_job_reviews_the_preview_and_comments(repository, server):
    done = run_gitlab(repository, server)
    assert done.returncode == 0, done.stderr
    assert "+$8.00 a month" in server.comments[101]
    assert calls(repository)[0].endswith(
        "teei-finops[comment] @ https://packages.example.com/teei_finops.whl"
    )
    assert (repository / gitlab_job(package="x")["artifacts"]["reports"]["junit"]).is_file()


def test_a_blocked_change_fails_the_gitlab_job_after_the_comment(repository, server):
    (repository / "budgets.yaml").write_text(TOO_EXPENSIVE)
    assert run_gitlab(repository, server, options="--budgets budgets.yaml").returncode == 1
    assert "over budget: all" in server.comments[101]


def test_a_gitlab_job_without_a_token_only_reviews(repository, server):
    assert run_gitlab(repository, server, token="").returncode == 0
    assert server.comments == {}


def test_an_error_fails_the_gitlab_job_without_a_comment(repository, server):
    assert run_gitlab(repository, server, preview="none.json").returncode == 2
    assert server.comments == {}
