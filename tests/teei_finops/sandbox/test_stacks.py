"""Which stack the arguments for pulumi name, and how a stack begins."""

import json
import os
import socket

import pytest

from teei_finops.sandbox.environment import engine_environment
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.stacks import (
    Project,
    checkpoint_file,
    drop_locks_of_dead_runs,
    ensure_stack,
    resources_in,
    stack_named_in,
)
from teei_finops.sandbox.workspace import Workspace


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["preview", "-s", "dev"], "dev"),
        (["preview", "--stack", "dev"], "dev"),
        (["preview", "--stack=dev"], "dev"),
        (["preview", "-sdev"], "dev"),
        (["preview", "--show-sames"], None),
        (["preview", "-s"], None),
        (["env", "run", "--", "-s", "dev"], None),
    ],
)
def test_the_stack_is_found_in_every_spelling(arguments, expected):
    assert stack_named_in(arguments) == expected


def test_a_stack_is_made_once_and_empty(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    place, project = Workspace.at(tmp_path), Project.at(tmp_path)
    assert project is not None
    ensure_stack(place, project, "dev")
    file = checkpoint_file(place, "p", "dev")
    assert resources_in(file) == []
    assert json.loads(file.read_text())["checkpoint"]["stack"] == "organization/p/dev"
    file.write_text('{"checkpoint": {"latest": {"resources": [{"urn": "u"}]}}}')
    ensure_stack(place, project, "organization/p/dev")
    assert resources_in(file) == [{"urn": "u"}]


def test_the_lock_of_a_run_that_was_killed_here_goes_and_every_other_stays(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    place, project = Workspace.at(tmp_path), Project.at(tmp_path)
    assert project is not None
    directory = place.state / ".pulumi" / "locks" / "organization" / "p" / "dev"
    directory.mkdir(parents=True)
    here, dead = socket.gethostname(), 4194303
    for name, host, process in (
        ("dead", here, dead),
        ("alive", here, os.getpid()),
        ("far", "elsewhere", dead),
    ):
        (directory / f"{name}.json").write_text(json.dumps({"hostname": host, "pid": process}))
    drop_locks_of_dead_runs(place, project, "dev")
    assert {file.stem for file in directory.iterdir()} == {"alive", "far"}


def test_stack_files_are_found_where_the_project_keeps_them(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod-eu.yaml").write_text("config: {}\n")
    project = Project.at(tmp_path)
    assert project is not None
    assert project.stack_files() == {"prod-eu": tmp_path / "stacks" / "Pulumi.prod-eu.yaml"}


def test_a_broken_project_file_is_named(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("- not a mapping\n")
    with pytest.raises(SandboxError, match=r"Pulumi\.yaml"):
        Project.at(tmp_path)


def test_a_directory_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SandboxError, match="no such directory"):
        Workspace.at(tmp_path / "nowhere")


def test_the_engine_sees_no_credentials_but_the_rest_of_the_environment(tmp_path):
    user = {
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "REAL",
        "AWS_PROFILE": "prod",
        "AWS_REGION": "eu-central-1",
        "PULUMI_ACCESS_TOKEN": "pul-real",
        "PULUMI_CONFIG_PASSPHRASE": "theirs",
        "PULUMI_OPTION_CWD": "/elsewhere",
        "TEAM": "finops",
    }
    place = Workspace.at(tmp_path)
    seen = engine_environment(
        user, place, language_port=1, provider_ports={"aws": 2, "kubernetes": 3}, config_file=None
    )
    assert {"AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "PULUMI_ACCESS_TOKEN", "PULUMI_OPTION_CWD"}.isdisjoint(
        seen
    )
    assert seen["TEAM"] == "finops"
    assert seen["AWS_REGION"] == "eu-central-1"
    assert seen["PULUMI_CONFIG_PASSPHRASE"] == "sandbox"
    assert seen["PULUMI_DEBUG_PROVIDERS"] == "aws:2,kubernetes:3"
    assert seen["PATH"].endswith("/bin")
    for name in ("PULUMI_HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "KUBECONFIG"):
        assert seen[name].startswith(str(tmp_path))
