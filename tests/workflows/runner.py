"""Runs the workflows as GitHub does: jobs in the order of `needs`, each in a fresh clone, steps with bash.

Actions of other repositories are replaced by what a later step depends on, and `pulumi`, `aws`, `gh`, `make`
and `apt-get` by recorder.py.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.workflows.expressions import condition, text

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
RECORDED = ("pulumi", "aws", "gh", "make", "apt-get")
# Actions that only install what the recorder stands in for.
WITHOUT_EFFECT = ("actions/setup-python", "actions/setup-go", "pulumi/actions")
# How GitHub starts bash without and with `shell: bash`.
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}


def workflow(name: str) -> dict[str, Any]:
    return yaml.load((GITHUB / "workflows" / name).read_text(), yaml.BaseLoader)


def action(path: str) -> dict[str, Any]:
    return yaml.load((ROOT / path / "action.yaml").read_text(), yaml.BaseLoader)


@dataclass(frozen=True)
class Call:
    """A recorded command, the role that it ran with and the hashes of the zips that were there."""

    job: str
    command: str
    role: str | None
    zips: dict[str, str]
    kubeconfig: str | None


@dataclass
class Runner:
    """A repository on GitHub: its variables, those of its environments, and the runs of its workflows."""

    directory: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    failing: str = ""
    build: str = "recorded"
    scripts: list[str] = field(default_factory=list)
    output: str = ""

    def __post_init__(self) -> None:
        for name in ("bin", "artifacts", "home"):
            (self.directory / name).mkdir(parents=True)
        for name in RECORDED:
            stub = self.directory / "bin" / name
            recorder = ROOT / "tests/workflows/recorder.py"
            stub.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{recorder}" {name} "$@"\n')
            stub.chmod(0o755)

    @property
    def calls(self) -> list[Call]:
        file = self.directory / "calls.jsonl"
        return [Call(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def summary(self) -> str:
        file = self.directory / "summary.md"
        return file.read_text() if file.exists() else ""

    def run(self, name: str, event: str, **payload: Any) -> dict[str, str]:
        """Run a workflow for an event; the result of each job, the jobs of called workflows included."""
        document = workflow(name)
        triggers = document["on"]
        assert event in triggers, f"{name} does not run on {event}"
        return self.run_jobs(document, {"event": payload}, inputs={})

    def run_jobs(self, document: Mapping, github: Mapping, inputs: Mapping) -> dict[str, str]:
        results: dict[str, str] = {}
        outputs: dict[str, dict] = {}
        for name, job in _in_order(document["jobs"]):
            needs = _list(job.get("needs"))
            contexts = {
                "github": {"repository": "teei/finops", "token": "token", **github},
                "vars": dict(self.variables),
                "inputs": inputs,
                "needs": {need: {"outputs": outputs.get(need, {})} for need in needs},
            }
            failed = any(results[need] != "success" for need in needs)
            if not condition(job.get("if"), contexts, failed=failed):
                results[name] = "skipped"
            elif "uses" in job:
                called = workflow(Path(job["uses"]).name)
                values = {key: text(value, contexts) for key, value in job.get("with", {}).items()}
                assert values.keys() == (called["on"]["workflow_call"] or {}).get("inputs", {}).keys()
                inner = self.run_jobs(called, github, values)
                (results[name],) = set(inner.values()) if len(set(inner.values())) == 1 else {"failure"}
            else:
                matrix = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
                runs = [self._run_job(name, job, {**contexts, "matrix": row}) for row in matrix]
                results[name] = "success" if all(success for success, _ in runs) else "failure"
                outputs[name] = runs[-1][1]
        return results

    def _run_job(self, name: str, job: Mapping, contexts: dict[str, Any]) -> tuple[bool, dict[str, str]]:
        workspace = self.directory / "work"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        environment = text(job.get("environment", ""), contexts)
        contexts["vars"] = {**contexts["vars"], **self.environments.get(environment, {})}
        contexts["steps"] = {}
        label = contexts["inputs"].get("stack") or contexts["matrix"].get("stack")
        state = _Job(self, workspace, contexts, f"{name} {label}" if label else name)
        state.environment |= {key: text(value, contexts) for key, value in job.get("env", {}).items()}
        for step in job["steps"]:
            state.run(step)
        produced = {key: text(value, contexts) for key, value in job.get("outputs", {}).items()}
        return not state.failed, produced


@dataclass
class _Job:
    """A job that runs: its environment and whether a step has failed."""

    runner: Runner
    workspace: Path
    contexts: dict[str, Any]
    name: str
    environment: dict[str, str] = field(default_factory=dict)
    failed: bool = False

    def run(self, step: Mapping, contexts: Mapping[str, Any] | None = None) -> None:
        contexts = contexts or self.contexts
        if not condition(step.get("if"), contexts, failed=self.failed):
            return
        inputs = {key: text(value, contexts) for key, value in step.get("with", {}).items()}
        if "run" in step:
            self._bash(step, {key: text(value, contexts) for key, value in step.get("env", {}).items()})
        elif step["uses"].startswith("./"):
            called = action(step["uses"])
            assert inputs.keys() == called["inputs"].keys()
            for inner in called["runs"]["steps"]:
                self.run(inner, {**self.contexts, "inputs": inputs})
        else:
            self._use(step["uses"].partition("@")[0], inputs)

    def _bash(self, step: Mapping, environment: Mapping[str, str]) -> None:
        directory = self.runner.directory
        output = directory / "output"
        output.write_text("")
        base = {
            "PATH": f"{directory / 'bin'}:{os.environ['PATH']}", "HOME": str(directory / "home"),
            "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_JOB": self.name, "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(directory / "summary.md"), "CALLS": str(directory / "calls.jsonl"),
            "ARTIFACTS": str(directory / "artifacts"), "FAILING": self.runner.failing,
            "BUILD": self.runner.build,
            "REAL_MAKE": shutil.which("make") or "", "HEAD_SHA": "a1b2c3",
        }  # fmt: skip
        script = directory / "script.sh"
        script.write_text(step["run"])
        process = subprocess.run(
            [*SHELLS[step.get("shell")], script],
            cwd=self.workspace, env={**base, **self.environment, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )  # fmt: skip
        self.runner.scripts.append(step["run"])
        self.runner.output += process.stdout
        self.failed = self.failed or process.returncode != 0
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        if "id" in step:
            self.contexts["steps"][step["id"]] = {"outputs": {key: value for key, _, value in pairs}}

    def _use(self, name: str, inputs: Mapping[str, str]) -> None:
        artifact = self.runner.directory / "artifacts" / inputs.get("name", "")
        path = inputs.get("path", "")
        match name:
            case "actions/checkout":
                clone_to(self.workspace)
            case "aws-actions/configure-aws-credentials":
                assert inputs["role-to-assume"], f"{self.name}: no role"
                self.environment |= {"ROLE": inputs["role-to-assume"], "AWS_REGION": inputs["aws-region"]}
            case "actions/upload-artifact":
                artifact.mkdir()
                for source in self.workspace.glob(path):
                    if source.is_dir():
                        shutil.copytree(source, artifact, dirs_exist_ok=True)
                    else:
                        shutil.copy(source, artifact)
            case "actions/download-artifact" if "pattern" in inputs:
                assert inputs["merge-multiple"] == "true"
                for matching in artifact.glob(inputs["pattern"]):
                    shutil.copytree(matching, self.workspace / path, dirs_exist_ok=True)
            case "actions/download-artifact":
                shutil.copytree(artifact, self.workspace / path, dirs_exist_ok=True)
            case _:
                assert name in WITHOUT_EFFECT, f"the runner does not know the action {name}"


def clone_to(workspace: Path) -> None:
    """A clone of HEAD with the changes of the working tree that are not committed yet."""

    def git(*arguments: str, directory: Path, text: bytes | None = None) -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=directory, input=text, stdout=subprocess.PIPE, check=True
        ).stdout

    git("clone", "--quiet", str(ROOT), ".", directory=workspace)
    changes = git("diff", "--binary", "HEAD", directory=ROOT)
    if changes:
        git("apply", "-", directory=workspace, text=changes)


def _in_order(jobs: Mapping[str, Mapping]) -> Iterator[tuple[str, Mapping]]:
    done: set[str] = set()
    while len(done) < len(jobs):
        ready = [
            name
            for name, job in jobs.items()
            if name not in done and done.issuperset(_list(job.get("needs")))
        ]
        assert ready, "the jobs need each other"
        for name in ready:
            yield name, jobs[name]
        done.update(ready)


def _list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
