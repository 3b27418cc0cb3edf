"""Programs in other languages: their hosts on the PATH run them with the fake providers."""

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.integration.sandboxed_stack import SandboxedStack

pytestmark = pytest.mark.engine

HOST = Path(__file__).with_name("recording_language_host.py")


@pytest.fixture
def program(tmp_path) -> SandboxedStack:
    """A TypeScript program with a package of another provider in its node_modules."""
    package = tmp_path / "shop" / "node_modules" / "@acme" / "acme" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "2.1.0", "pulumi": {"resource": true, "name": "acme"}}')
    (tmp_path / "shop" / "Pulumi.yaml").write_text("name: shop\nruntime: nodejs\n")
    (tmp_path / "shop" / "Pulumi.dev.yaml").write_text("config: {shop:size: 3, aws:region: eu-central-1}\n")
    return SandboxedStack(tmp_path / "shop")


def test_the_host_of_another_language_runs_the_program_without_credentials(program, tmp_path):
    host = tmp_path / "bin" / "pulumi-language-nodejs"
    host.parent.mkdir()
    host.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(HOST))} "$@"\n')
    host.chmod(0o755)
    preview = program.pulumi(
        "preview",
        "--json",
        PATH=f"{host.parent}{os.pathsep}{os.environ['PATH']}",
        RECORD_TO=str(tmp_path / "record.json"),
        TEEI_FINOPS_SANDBOX_ENV="RECORD_TO",
        NPM_TOKEN="REAL",
    )
    assert preview.returncode == 0, preview.stdout + preview.stderr
    steps = {step["urn"].rsplit("::", 1)[-1]: step for step in json.loads(preview.stdout)["steps"]}
    assert steps["files"]["newState"]["inputs"]["tags"] == {"n": "5"}
    assert steps["widget"]["op"] == "create"
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["config"]["shop:size"] == "3"
    assert record["region"] == "eu-central-1"
    assert "REAL" not in record["environment"].values()
    assert record["environment"]["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_without_a_host_one_line_says_what_works_instead(program):
    preview = program.pulumi("preview")
    assert preview.returncode == 2
    assert len(preview.stderr.splitlines()) == 1
    assert "the sandbox runs Python programs; for nodejs install Pulumi" in preview.stderr
    assert "or give `teei-finops review` a preview" in preview.stderr
