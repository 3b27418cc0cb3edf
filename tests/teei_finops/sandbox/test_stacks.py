"""The stacks of a project, and the environment of the engine."""

import json
import os
import socket

import pytest

from teei_finops.sandbox.environment import engine_environment
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.stacks import (
    Project,
    checkpoint_file,
    ensure_stack,
    remove_stale_locks,
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
def test_the_stack_option_is_recognized_in_every_form(arguments, expected):
    assert stack_named_in(arguments) == expected


def test_a_stack_is_created_empty_and_only_once(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    workspace, project = Workspace.at(tmp_path, tmp_path / "build"), Project.at(tmp_path)
    assert project is not None
    ensure_stack(workspace, project, "dev")
    file = checkpoint_file(workspace, "p", "dev")
    assert resources_in(file) == []
    assert json.loads(file.read_text())["checkpoint"]["stack"] == "organization/p/dev"
    file.write_text('{"checkpoint": {"latest": {"resources": [{"urn": "u"}]}}}')
    ensure_stack(workspace, project, "organization/p/dev")
    assert resources_in(file) == [{"urn": "u"}]


def test_only_the_lock_of_a_process_that_ended_on_this_machine_is_removed(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    workspace, project = Workspace.at(tmp_path, tmp_path / "build"), Project.at(tmp_path)
    assert project is not None
    directory = workspace.state / ".pulumi" / "locks" / "organization" / "p" / "dev"
    directory.mkdir(parents=True)
    this_host, ended = socket.gethostname(), 4194303
    for name, host, process in (
        ("ended", this_host, ended),
        ("running", this_host, os.getpid()),
        ("remote", "elsewhere", ended),
    ):
        (directory / f"{name}.json").write_text(json.dumps({"hostname": host, "pid": process}))
    remove_stale_locks(workspace, project, "dev")
    assert {file.stem for file in directory.iterdir()} == {"running", "remote"}


def test_stack_files_are_read_from_the_stack_config_directory(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod-eu.yaml").write_text("config: {}\n")
    project = Project.at(tmp_path)
    assert project is not None
    assert project.stack_files() == {"prod-eu": tmp_path / "stacks" / "Pulumi.prod-eu.yaml"}


@pytest.mark.parametrize(
    "text",
    [
        "- not a mapping\n",
        "runtime: python\n",
        "name: p\n",
        "name: p\nruntime: [python]\n",
        "name: p\nruntime: {options: {}}\n",
    ],
)
def test_the_error_about_an_invalid_project_file_names_it(tmp_path, text):
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(SandboxError, match=r"Pulumi\.yaml"):
        Project.at(tmp_path)


def test_a_missing_directory_is_an_error(tmp_path):
    with pytest.raises(SandboxError, match="no such directory"):
        Workspace.at(tmp_path / "nowhere")


def test_the_engine_gets_variables_of_the_allow_list_of_the_program_and_those_that_the_user_names(tmp_path):
    user = {
        "PATH": "/bin",
        "HOME": "/home/ada",
        "LC_ALL": "C.UTF-8",
        "AWS_SECRET_ACCESS_KEY": "REAL",
        "AWS_PROFILE": "prod",
        "AWS_REGION": "eu-central-1",
        "GITHUB_TOKEN": "ghs-real",
        "SSH_AUTH_SOCK": "/run/agent",
        "PULUMI_ACCESS_TOKEN": "pul-real",
        "PULUMI_CONFIG_PASSPHRASE": "theirs",
        "PULUMI_OPTION_CWD": "/elsewhere",
        "A_TOKEN_OF_NO_KNOWN_TOOL": "real",
        "TEAM_TOKEN": "finops",
        "REGION_OF_TESTS": "eu",
        "PUBLIC_KEY": "ssh-ed25519 AAAA",
        "HOST_KEY": "real",
        "NAMED_NOWHERE": "x",
        "DATABASE_URL": "postgres://app:hush@db/shop",
        "CACHE_URL": "redis://cache:6379/0",
        "TEEI_FINOPS_SANDBOX_ENV": "TEAM_TOKEN,NOT_SET",
    }
    (tmp_path / "__main__.py").write_text(
        "names = REGION_OF_TESTS, CACHE_URL, DATABASE_URL, A_TOKEN_OF_NO_KNOWN_TOOL, PUBLIC_KEY, HOST_KEY"
    )
    workspace = Workspace.at(tmp_path, tmp_path / "build")
    environment = engine_environment(
        user,
        workspace,
        home=tmp_path / "empty",
        language_port=1,
        provider_ports={"aws": 2, "kubernetes": 3},
        config_file=None,
        aws_endpoint="http://127.0.0.1:4",
    )
    unchanged = {name for name, value in user.items() if environment.get(name) == value}
    assert unchanged == {"LC_ALL", "AWS_REGION", "TEAM_TOKEN", "REGION_OF_TESTS", "CACHE_URL", "PUBLIC_KEY"}
    assert environment.keys() & user.keys() == unchanged | {
        "PATH",
        "HOME",
        "PULUMI_CONFIG_PASSPHRASE",
        "AWS_SECRET_ACCESS_KEY",
    }
    assert environment["AWS_SECRET_ACCESS_KEY"] == "sandbox"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4"
    assert environment["PULUMI_CONFIG_PASSPHRASE"] == "sandbox"
    assert environment["PULUMI_DEBUG_PROVIDERS"] == "aws:2,kubernetes:3"
    assert environment["PATH"].endswith("/bin")
    assert environment["TEEI_FINOPS_PROJECT"] == str(workspace.project)
    for name in ("HOME", "PULUMI_HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "KUBECONFIG"):
        assert environment[name].startswith(str(tmp_path))
