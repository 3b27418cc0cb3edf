"""`review`: plan every stack in throw-away state, with the policy pack, and hand the plans to the review."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from teei_finops.sandbox.baseline import unpack_baseline
from teei_finops.sandbox.commands import policy_arguments, project_with_stack
from teei_finops.sandbox.engine.binary import find_engine
from teei_finops.sandbox.engine.process import is_alive
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.preload import preload_sdk_modules
from teei_finops.sandbox.run import Run, run_pulumi
from teei_finops.sandbox.stacks import Project
from teei_finops.sandbox.subprocesses import run_in_parallel, run_in_subprocess
from teei_finops.sandbox.workspace import Workspace

_LAST_LINES = 8


@dataclass(frozen=True)
class Planned:
    """One stack's preview; `problem` is set where there is nothing to review."""

    stack: str
    document: str
    events: str
    exit_code: int
    stderr: str
    problem: str | None


def review(stacks: Sequence[str], base: str | None, directory: Path) -> int:
    """Review stacks (all that have a file when none is named); 0, 1 where a gate said no, 2 for an error."""
    find_engine()
    place = Workspace.at(directory)
    project = Project.at(place.project)
    if project is None:
        raise SandboxError(f"{place.project}: no Pulumi.yaml here")
    names = list(dict.fromkeys(stacks)) or list(project.stack_files())
    if not names:
        raise SandboxError(f"{place.project}: no stack to review: there is no Pulumi.<stack>.yaml")
    for name in names:
        project_with_stack(place, name)
    build = place.project / "build"
    _drop_what_dead_reviews_left(build)
    build.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"review-{os.getpid()}-", dir=build))
    try:
        before = _base_program(base, place.project, scratch / "base") if base else None
        _say(f"planning {', '.join(names)}{f' on top of {base}' if before else ''}")
        preload_sdk_modules(place.project)
        planned = run_in_parallel([partial(_plan, name, place.project, before, scratch) for name in names])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    problems = [(each.stack, each.problem) for each in planned if each.problem]
    if problems:
        for stack, problem in problems:
            print(f"review: {stack}: {problem}", file=sys.stderr)
        return 2
    return _write(planned, build / "review", base, place.project)


def _base_program(reference: str, project: Path, into: Path) -> Path | None:
    unpack_baseline(reference, project, into)
    if Project.at(into) is None:
        _say(f"{reference} has no Pulumi project: every resource shows as new")
        return None
    return into


def _plan(stack: str, program: Path, base: Path | None, scratch: Path) -> Planned:
    """Preview one stack; where there is a base, on top of what the base's own program made of it."""
    build = scratch / stack
    if base is not None:
        before, now = Project.at(base), Project.at(program)
        if before and now and before.name == now.name and stack in before.stack_files():
            deploy = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack]
            # A fork: both trees have modules of the same names.
            deployed = run_in_subprocess(lambda: run_pulumi(deploy, Workspace.at(base, build), capture=True))
            if deployed.exit_code != 0:
                said = deployed.user_error or _tail(deployed.stdout + deployed.stderr)
                return Planned(stack, "", "", deployed.exit_code, "", f"BASE cannot be deployed: {said}")
    events = build / "events.jsonl"
    place = Workspace.at(program, build)
    arguments = ["preview", "--json", "--show-sames", "--non-interactive", "--stack", stack]
    build.mkdir(parents=True, exist_ok=True)
    run = run_pulumi(
        [*arguments, "--event-log", str(events), *policy_arguments("preview", place)], place, capture=True
    )
    return Planned(
        stack=stack,
        document=run.stdout,
        events=events.read_text() if events.exists() else "",
        exit_code=run.exit_code,
        stderr=run.stderr,
        problem=_problem(run),
    )


def _problem(run: Run) -> str | None:
    """Why there is no plan: what the program told its reader, or what the engine said last."""
    if run.user_error is not None:
        return run.user_error
    if run.exit_code != 0 and not run.stdout.lstrip().startswith("{"):
        return _tail(run.stderr or run.stdout)
    return None


def _tail(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines[-_LAST_LINES:]) or "the engine said nothing"


def _write(planned: Sequence[Planned], out: Path, base: str | None, project: Path) -> int:
    # Imported late: a program that is planned may have modules of the same names.
    from teei_finops.review.review import write_review
    from teei_finops.review.stack_preview import Preview

    previews = [
        Preview(each.stack, each.document, each.events, each.exit_code, each.stderr) for each in planned
    ]
    code = write_review(previews, out, base=base, root=project, exemptions=_exemptions(project))
    if (out / "review.json").exists() and code != 2:
        _print_headline(out)
    return code


def _exemptions(project: Path) -> list[dict[str, Any]]:
    """The exemptions in force; the pack itself reports the malformed and expired ones."""
    file = project / "exemptions.yaml"
    if not file.exists():
        return []
    from policies.exemptions import load
    from policies.pack import build

    today = datetime.now(UTC).date()
    known = [policy.name for policy in build({}, today)[0]]
    found = load(file, known, today)
    return [
        {
            "policy": item.policy,
            "resource": item.resource,
            "owner": item.owner,
            "reason": item.reason,
            "expires": item.expires.isoformat(),
            "days_left": found.days_left(item),
            "stack": "",
            "urn": "",
        }
        for item in found.valid
    ]


def _print_headline(out: Path) -> None:
    document = json.loads((out / "review.json").read_text())
    for plan in document["plan"]:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(plan["operations"].items()))
        print(f"review: {plan['stack']}: {counts or 'no resources'}")
    for name in ("index.html", "review.md"):
        print(f"review: {out / name}")


def _drop_what_dead_reviews_left(build: Path) -> None:
    for directory in build.glob("review-*-*"):
        owner = directory.name.split("-")[1]
        if owner.isdecimal() and not is_alive(int(owner)):
            shutil.rmtree(directory, ignore_errors=True)


def _say(text: str) -> None:
    print(f"review: {text}", file=sys.stderr, flush=True)
