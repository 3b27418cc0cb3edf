"""The commands `teei-finops review` and `teei-finops sandbox review`."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.budgets.gate import FAIL, INCOMPLETE, UNPRICED
from teei_finops.costing.command_files import has_colours, read_plans, write_output
from teei_finops.costing.yaml_file import SettingError
from teei_finops.review.commands.pricing_options import PREVIEW_HELP, add_pricing_options, cost_options
from teei_finops.review.commands.projects import read_projects
from teei_finops.review.output import write_files
from teei_finops.review.render import FORMATS, render
from teei_finops.review.render.headline import headline
from teei_finops.review.report import build_report
from teei_finops.review.report_schema import Report


def _configure_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preview", nargs="*", help=PREVIEW_HELP)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="teei-finops.yaml: the previews, usage and budgets of several projects; prints one line for each"
        " (default: one review of the previews given here)",
    )
    add_pricing_options(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="table",
        help="format of the review (default: table)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to FILE (default: standard output)"
    )
    parser.add_argument(
        "--output-directory",
        type=Path,
        metavar="DIR",
        help="also write review.json, review.md, index.html, policy.sarif and policy.junit.xml to DIR, with"
        " --config to DIR/PROJECT (default: not written)",
    )


def _configure_sandbox_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        metavar="NAME",
        help="a stack to review; may be repeated (default: every stack with a Pulumi.<stack>.yaml, or dev)",
    )
    parser.add_argument(
        "--base",
        metavar="REF",
        help="show the change against a git reference, or against ./FOLDER with the files before the change"
        " (default: every resource is new)",
    )


def _review(options: argparse.Namespace) -> int:
    gc.disable()  # a preview is one large tree that is kept until the end
    if bool(options.preview) is bool(options.config):
        raise SettingError("review: give either preview files or --config; run 'teei-finops review --help'")
    if options.config:
        return _review_projects(options)
    report = build_report(read_plans(options.preview), cost_options(**vars(options)))
    if options.output_directory:
        write_files(report, options.output_directory)
    is_terminal = has_colours(options.output)
    write_output(render(report, options.format, is_terminal=is_terminal), options.output)
    return _exit_code(report)


def _review_projects(options: argparse.Namespace) -> int:
    """One line for each project; the exit code is 1 when one of them is blocked."""
    code = 0
    for project in read_projects(options.config):
        report = project.report(options.at)
        if options.output_directory:
            write_files(report, options.output_directory / project.name)
        print(f"{project.name}: {report['verdict']}: {headline(report)}")
        code = max(code, _exit_code(report))
    return code


def _exit_code(report: Report) -> int:
    return 1 if report["verdict"] in (FAIL, INCOMPLETE, UNPRICED) else 0


def _sandbox_review(options: argparse.Namespace) -> int:
    # Imported here: a review of a file does not need the sandbox and its libraries.
    from teei_finops.review.stack_review import review_stacks
    from teei_finops.sandbox.cli import run_options, workspace_of

    return review_stacks(options.stack, options.base, workspace_of(options), run_options(options))


REVIEW = Command(
    name="review",
    summary="show what a Pulumi preview costs, for any Pulumi program",
    configure=_configure_review,
    run=_review,
    example="pulumi preview --json --show-sames > preview.json && teei-finops review preview.json",
    exit_codes="0 on success, 1 when a budget blocks the change, when no resource that can bill has a price\n"
    "  or when the preview failed, 2 on an error",
)
SANDBOX_REVIEW = Command(
    name="review",
    summary="preview stacks in temporary state and write the cost review to review/ in the state directory",
    configure=_configure_sandbox_review,
    run=_sandbox_review,
    example="teei-finops sandbox review --stack staging --base main",
    exit_codes="0 on success, 1 when a mandatory policy or a budget blocks the change, 2 on an error",
)
