"""A program of another project, without a fake account: network, service, load balancer, database, secret."""

import shutil
from pathlib import Path

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

WEBSHOP = Path(__file__).with_name("webshop")


def test_a_web_shop_is_created_refreshed_without_changes_and_destroyed(tmp_path):
    directory = tmp_path / "webshop"
    shutil.copytree(WEBSHOP, directory, ignore=shutil.ignore_patterns("__pycache__"))
    program = SmallProgram(directory, moto=False)
    before = program.files()
    assert program.pulumi("config", "set", "--secret", "pw", "hush-hush").returncode == 0
    program.deployed()
    outputs = program.outputs()
    assert outputs["url"].endswith(".us-east-1.sandbox.example")
    assert program.planned() == {}
    refreshed = program.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    assert program.destroy().returncode == 0
    assert program.state() == {}
    assert not (directory / "build" / "sandbox" / "aws").exists()
    assert program.files() == before
