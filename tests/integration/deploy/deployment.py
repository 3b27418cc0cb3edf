"""Runs docs/deploy.md in a clone of the repository, with `pulumi` being the sandbox's."""

import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from teei_finops.sandbox.stacks import checkpoint_file, resources_in
from teei_finops.sandbox.workspace import Workspace
from tests.integration.deploy import cloudformation
from tests.integration.deploy.page import ROOT, commands
from tests.integration.sandboxed_stack import run_sandbox
from tests.workflows.runner import clone_to


@dataclass
class Deployment:
    """`problems` are the commands that failed or printed something else than the page shows."""

    directory: Path
    problems: list[str] = field(default_factory=list)

    @property
    def project(self) -> Path:
        return self.directory / "project"

    def run(self) -> "Deployment":
        self.project.mkdir()
        clone_to(self.project)
        _use_installed_packages(self.project)
        path = f"{_stubs(self.directory / 'bin')}:{os.environ['PATH']}"
        environment = {
            "PATH": path, "HOME": str(self.directory), "PROJECT": str(self.project), "PYTHONPATH": str(ROOT),
            "CALLS": str(self.directory / "calls.jsonl"),
        }  # fmt: skip
        for command in commands():
            if command.line.startswith("pulumi "):
                process = run_sandbox(self.project, "--", *shlex.split(command.line)[1:], merge_stderr=True)
            else:
                process = subprocess.run(
                    ["bash", "-c", command.line],
                    cwd=self.project, env=environment, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                )  # fmt: skip
            if process.returncode != 0 or not command.prints(process.stdout):
                self.problems.append(f"$ {command.line}\n{process.stdout}(exit code {process.returncode})\n")
        return self

    def calls(self, *beginning: str) -> list[list[str]]:
        """The arguments of the commands for AWS, the clusters and GitHub that begin with these words."""
        lines = (self.directory / "calls.jsonl").read_text().splitlines()
        recorded = [json.loads(line)["command"] for line in lines]
        return [words[len(beginning) :] for words in recorded if words[: len(beginning)] == list(beginning)]

    def inputs(self, *beginning: str) -> dict[str, Any]:
        """What such a command read, by its next word."""
        calls = [json.loads(line) for line in (self.directory / "calls.jsonl").read_text().splitlines()]
        size = len(beginning)
        return {
            call["command"][size]: json.loads(call["input"])
            for call in calls
            if call["command"][:size] == list(beginning)
        }

    def templates(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The resources of each CloudFormation stack, by its name."""
        stacks = {}
        for words in self.calls("aws", "cloudformation", "deploy"):
            split = words.index("--parameter-overrides")
            options = dict(zip(words[:split:2], words[1:split:2], strict=True))
            parameters = dict(pair.split("=", 1) for pair in words[split + 1 :])
            template = self.project / options["--template-file"]
            stacks[options["--stack-name"]] = cloudformation.resources(template, parameters)
        return stacks

    def resources(self, stack: str) -> list[dict[str, Any]]:
        workspace = Workspace.at(self.project, self.project / "build")
        return resources_in(checkpoint_file(workspace, "teei-finops", stack))


def deployed(tmp_path_factory) -> Deployment:
    """The page run once for all workers of pytest-xdist: the first one runs it, the others wait."""
    directory = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        directory = directory.parent  # which all workers have
    directory /= "deploy"
    directory.mkdir(exist_ok=True)
    done = directory / "problems.json"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            done.write_text(json.dumps(Deployment(directory).run().problems))
    return Deployment(directory, json.loads(done.read_text()))


def _use_installed_packages(project: Path) -> None:
    for name in (".venv", ".tools"):
        (project / name).symlink_to(ROOT / name)
    os.utime(project / "requirements.txt", (0, 0))  # so that make does not install them again
    wheels = ROOT / "build/lambda/wheels"
    if wheels.exists():
        shutil.copytree(wheels, project / "build/lambda/wheels")


def _stubs(directory: Path) -> Path:
    directory.mkdir()
    python = shlex.quote(sys.executable)
    for name in ("aws", "gh", "kubectl"):
        command = f"exec {python} -m tests.integration.deploy.checked_command {name}"
        (directory / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
        (directory / name).chmod(0o755)
    return directory
