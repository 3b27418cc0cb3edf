"""The review of the stacks of a project: all steps, from the plan to the files of the report."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from teei_finops import policy_report
from teei_finops.costing.budgets.gate import INCOMPLETE
from teei_finops.costing.costs import project_options
from teei_finops.costing.preview.reader import read_plan
from teei_finops.errors import UserError
from teei_finops.review.outcome import outcome_of
from teei_finops.review.output import FILES, write_files
from teei_finops.review.plan_stacks import StackPreview, plan_stacks
from teei_finops.review.render.labels import operation_counts
from teei_finops.review.report import build_report
from teei_finops.review.report_schema import Report
from teei_finops.sandbox.commands import project_with_stack
from teei_finops.sandbox.engine.binary import find_engine
from teei_finops.sandbox.engine.process import is_alive
from teei_finops.sandbox.environment import default_region
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.run import RunOptions
from teei_finops.sandbox.stacks import Project
from teei_finops.sandbox.workspace import Workspace

# The stack of a project without stack files.
_ONLY_STACK = "dev"


def review_stacks(stacks: Sequence[str], base: str | None, workspace: Workspace, options: RunOptions) -> int:
    """Review stacks of the project of a workspace: when none is named, all that have a file, else `dev`.

    Returns 0; 1 when a mandatory policy or a budget blocks the change; 2 on an error.
    """
    find_engine()
    project = Project.at(workspace.project)
    if project is None:
        raise SandboxError(f"{workspace.project}: no Pulumi.yaml here")
    names = list(dict.fromkeys(stacks)) or list(project.stack_files()) or [_ONLY_STACK]
    for name in names:
        project_with_stack(workspace, name)
    build = workspace.build
    _delete_state_of_stopped_reviews(build)
    build.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"review-{os.getpid()}-", dir=build))
    try:
        previews = plan_stacks(names, workspace.project, base, scratch, options)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    failed = [preview for preview in previews if preview.problem]
    for preview in failed:
        _print_error(f"{preview.stack}: {preview.problem}")
    if failed:
        return 2
    return write_review(previews, build / "review", base=base, root=workspace.project)


def write_review(
    previews: Sequence[StackPreview],
    out: Path,
    *,
    base: str | None,
    root: Path,
    at: date | None = None,
) -> int:
    """Write the report on previews into the folder `out`, in every format of `FILES`.

    `usage.yaml` and `budgets.yaml` are read from `root` where they exist. Returns 0; 1 when a mandatory
    policy or a budget blocks the change; 2 when a preview failed or a file cannot be used. 1 and 2
    come with a line on stderr for each reason.
    """
    try:
        plans = [
            read_plan(preview.document, name=preview.stack, events=preview.events) for preview in previews
        ]
        policy_reports = {
            preview.stack: policy_report.read(preview.policy_report, f"{preview.stack} (policy report)")
            for preview in previews
            if preview.policy_report is not None
        }
        base_policy_reports = {
            preview.stack: policy_report.read(preview.base_policy_report, f"{preview.stack} (base)")
            for preview in previews
            if preview.base_policy_report is not None
        }
        options = project_options(root, at or datetime.now(UTC).date(), default_region=default_region())
        project = Project.at(root)
        others = set(project.stack_files() if project else ()) - {preview.stack for preview in previews}
        report = build_report(
            plans, options, policy_reports, base, base_policy_reports, every_stack=not others
        )
    except UserError as error:
        _print_error(str(error))
        return 2
    write_files(report, out)
    outcome = outcome_of(report)
    for reason in outcome.reasons:
        _print_error(reason)
    if outcome.status == INCOMPLETE:
        return 2
    _print_summary(report, out)
    return 1 if outcome.is_blocked else 0


def _print_summary(report: Report, out: Path) -> None:
    for plan in report["plan"]:
        counts = ", ".join(operation_counts(plan["operations"]))
        print(f"review: {plan['stack']}: {counts or 'no resources'}")
    for name in ("html", "markdown"):
        print(f"review: {out / FILES[name]}")


def _print_error(text: str) -> None:
    print(f"review: {text}", file=sys.stderr)


def _delete_state_of_stopped_reviews(build: Path) -> None:
    for directory in build.glob("review-*-*"):
        process = directory.name.split("-")[1]
        if process.isdecimal() and not is_alive(int(process)):
            shutil.rmtree(directory, ignore_errors=True)
