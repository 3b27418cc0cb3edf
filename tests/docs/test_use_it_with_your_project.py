"""docs/use-it-with-your-project.md, run as it is printed. `pip` and `pulumi` are stand-ins."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.integration.deploy.page import commands
from tests.teei_finops.costing.preview_builder import INSTANCE, QUEUE, create, preview
from tests.teei_finops.review.comment.comment_server import TOKEN, comment_server

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "use-it-with-your-project.md"


def preview_of(database: str) -> str:
    storage = {"allocatedStorage": 100, "storageType": "gp3"}
    return preview(
        create(
            "aws:rds/instance:Instance",
            "orders",
            {"engine": "postgres", "engineVersion": "17.4", "instanceClass": database, **storage},
        ),
        create(INSTANCE, "web", {"instanceType": "t3.large"}),
        create(QUEUE, "jobs", {}),
        create("aws:iam/role:Role", "web-role", {"assumeRolePolicy": "{}"}),
        create("kubernetes:helm.sh/v3:Release", "loki", {"chart": "loki"}, provider=""),
        config={"aws:region": "eu-central-1"},
        summary={"create": 5},
    )


@pytest.fixture
def folder(tmp_path):
    """A project whose preview `pulumi` prints, and the preview of its main branch."""
    work, programs = tmp_path / "work", tmp_path / "bin"
    work.mkdir()
    programs.mkdir()
    (work / "main.json").write_text(preview_of("db.t4g.medium"))
    (tmp_path / "branch.json").write_text(preview_of("db.m7g.large"))
    scripts = {
        "pip": 'echo "Successfully installed $*"',
        "pulumi": f'case "$*" in *--json*) cat "{tmp_path}/branch.json" ;; *--policy-pack*) '
        'test -f "$3/PulumiPolicy.yaml" ;; esac',
        "teei-finops": f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m teei_finops "$@"',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return work


def test_every_command_prints_what_the_page_says(folder):
    differences = []
    count = 0
    with comment_server() as server:
        environment = {
            "PATH": f"{folder.parent}/bin:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8",
            "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url,
        }  # fmt: skip
        code = 0
        for command in commands(PAGE):
            is_document = "<<END" in command.line
            script = "\n".join([command.line, *command.output]) if is_document else command.line
            done = subprocess.run(
                ["bash", "-c", f"(exit {code}); {script}"],
                cwd=folder, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            code = done.returncode
            count += 1
            if done.stderr or not (is_document or command.prints(done.stdout)):
                differences.append(f"$ {command.line}\n{done.stdout}{done.stderr}")
        assert server.requests == ["POST"]
    assert differences == []
    assert count > 15


def test_the_examples_of_github_and_gitlab_use_inputs_that_there_are():
    github, gitlab = (
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    )
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(github["jobs"]["cost"]["steps"][-1]["with"]) <= set(action["inputs"])
    (include,) = gitlab["include"]
    specification, _ = yaml.safe_load_all((ROOT / include["file"]).read_text())
    assert set(include["inputs"]) <= set(specification["spec"]["inputs"])
