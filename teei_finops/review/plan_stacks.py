"""Previews the stacks of a project in temporary state, on top of a base where there is one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from teei_finops.policy_report import VARIABLE
from teei_finops.sandbox.baseline import unpack_baseline
from teei_finops.sandbox.commands import policy_arguments
from teei_finops.sandbox.preload import preload_sdk_modules
from teei_finops.sandbox.run import Run, RunOptions, run_pulumi
from teei_finops.sandbox.stacks import Project
from teei_finops.sandbox.subprocesses import run_in_parallel, run_in_subprocess
from teei_finops.sandbox.workspace import Workspace

_LAST_LINES = 8


@dataclass(frozen=True)
class StackPreview:
    """What one preview of one stack left behind.

    `document` is the output of `pulumi preview --json --show-sames`, `events` the engine's event log of the
    same run (JSON lines; None without one), `policy_report` the report file of the policy pack (None where it
    wrote none), `base_policy_report` that of the same pack on the base. `problem` says why there is nothing
    to review, if so.
    """

    stack: str
    document: str = ""
    events: str | None = None
    policy_report: str | None = None
    base_policy_report: str | None = None
    problem: str | None = None


def plan_stacks(
    names: Sequence[str], project: Path, base: str | None, scratch: Path, options: RunOptions
) -> list[StackPreview]:
    """Preview each stack in a process and a state of its own under `scratch`, all at once.

    `base` is a git reference or a folder of `project`: each stack is first deployed as its program was there.
    """
    base_program = _base_program(base, project, scratch / "base") if base else None
    on_base = f" on top of {base}" if base_program else ""
    print(f"review: planning {', '.join(names)}{on_base}", file=sys.stderr, flush=True)
    options = options.with_environment(project)  # also of the base, which has no virtual environment
    preload_sdk_modules(project)
    return run_in_parallel(
        [partial(_plan_stack, name, project, base_program, scratch, options) for name in names]
    )


def _base_program(base: str, project: Path, into: Path) -> Path | None:
    program = unpack_baseline(base, project, into)
    if Project.at(program) is None:
        print(
            f"review: {base} has no Pulumi project, so every resource is shown as new",
            file=sys.stderr,
            flush=True,
        )
        return None
    return program


def _plan_stack(
    stack: str, program: Path, base_program: Path | None, scratch: Path, options: RunOptions
) -> StackPreview:
    build = scratch / stack
    build.mkdir(parents=True, exist_ok=True)
    base_policy_report = build / "base-policy-report.json"
    if base_program is not None:
        problem = _deploy_base(stack, program, base_program, build, base_policy_report, options)
        if problem:
            return StackPreview(stack, problem=problem)
    events = build / "events.jsonl"
    workspace = Workspace.at(program, build)
    arguments = ["preview", "--json", "--show-sames", "--non-interactive", "--stack", stack]
    arguments += ["--event-log", str(events), *policy_arguments("preview", workspace)]
    policy_report = build / "policy-report.json"
    os.environ[VARIABLE] = str(policy_report)  # of this process, which previews only this stack
    run = run_pulumi(arguments, workspace, options, capture=True)
    return StackPreview(
        stack,
        document=run.stdout,
        events=events.read_text() if events.exists() else "",
        policy_report=_text(policy_report),
        base_policy_report=_text(base_policy_report),
        problem=problem_of(run),
    )


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def _deploy_base(
    stack: str,
    program: Path,
    base_program: Path,
    build: Path,
    policy_report: Path,
    options: RunOptions,
) -> str | None:
    """Deploy the stack as the base declares it, where it does; why that failed, None on success.

    The policy pack of the program reports on it, and does not block it.
    """
    base, current = Project.at(base_program), Project.at(program)
    if not base or not current or base.name != current.name:
        return None
    if base.stack_files() and stack not in base.stack_files():
        return None
    arguments = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack]
    pack = policy_arguments("up", Workspace.at(program, build))
    if pack:
        config = build / "advisory.json"
        config.write_text(json.dumps({"all": "advisory"}))
        arguments += [*pack, "--policy-pack-config", str(config)]

    def deploy() -> Run:
        os.environ[VARIABLE] = str(policy_report)
        return run_pulumi(arguments, Workspace.at(base_program, build), options, capture=True)

    # In a process of its own: the modules of both programs have the same names.
    run = run_in_subprocess(deploy)
    if run.exit_code == 0:
        return None
    return f"BASE cannot be deployed: {run.user_error or _last_lines(run.stdout + run.stderr)}"


def problem_of(run: Run) -> str | None:
    """Why there is no plan: the error that the program reported, else what the engine or the pack printed."""
    if run.user_error is not None:
        return run.user_error
    if run.exit_code == 0:
        return None
    try:
        document = json.loads(run.stdout)
    except ValueError:
        return _last_lines(run.stderr or run.stdout)
    if not isinstance(document, dict) or "steps" in document:
        return None
    messages = [
        item.get("message", "")
        for item in document.get("diagnostics", ())
        if item.get("severity") != "warning"
    ]
    return _last_lines("\n".join(messages)) if messages else _last_lines(run.stderr)


def _last_lines(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines[-_LAST_LINES:]) or "no engine output"
