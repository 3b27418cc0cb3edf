"""`teei-finops comment github` and `teei-finops comment gitlab`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from teei_finops.command import Command
from teei_finops.costing.command_files import read_text
from teei_finops.errors import UserError
from teei_finops.review.documents import read_document
from teei_finops.review.report_schema import Report

if TYPE_CHECKING:
    from teei_finops.review.comment.sticky import Comments

TOKENS = {"github": ("GITHUB_TOKEN", "GH_TOKEN"), "gitlab": ("GITLAB_TOKEN",)}


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "document",
        nargs="+",
        help="a file with the JSON document of a review; several become one comment",
    )
    parser.add_argument(
        "--tag",
        default="",
        metavar="NAME",
        help="tells two comments on one request apart (default: one comment for each request)",
    )


def _configure_github(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="the repository (default: GITHUB_REPOSITORY)"
    )
    parser.add_argument(
        "--pull-request",
        type=int,
        metavar="N",
        help="its number (default: that of the event in GITHUB_EVENT_PATH)",
    )
    parser.add_argument(
        "--api-url",
        metavar="URL",
        help="the API of GitHub Enterprise (default: GITHUB_API_URL, else https://api.github.com)",
    )


def _configure_gitlab(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument(
        "--project", metavar="ID", help="the id or the path of the project (default: CI_PROJECT_ID)"
    )
    parser.add_argument(
        "--merge-request", type=int, metavar="N", help="its number (default: CI_MERGE_REQUEST_IID)"
    )
    parser.add_argument(
        "--api-url",
        metavar="URL",
        help="the API of the server (default: CI_API_V4_URL, else https://gitlab.com/api/v4)",
    )


def _github(options: argparse.Namespace) -> int:
    repository = options.repository or _required("GITHUB_REPOSITORY", "--repository OWNER/NAME")
    number = options.pull_request or _pull_request_of_event()
    url = options.api_url or os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    token = _token("github")

    def comments() -> Comments:
        from teei_finops.review.comment.services import GitHubComments

        return GitHubComments.at(url, token, repository, number)

    return _publish(options, comments, f"{repository}#{number}")


def _gitlab(options: argparse.Namespace) -> int:
    project = options.project or _required("CI_PROJECT_ID", "--project ID")
    number = options.merge_request or _number(_required("CI_MERGE_REQUEST_IID", "--merge-request N"))
    url = options.api_url or os.environ.get("CI_API_V4_URL") or "https://gitlab.com/api/v4"
    token = _token("gitlab")

    def comments() -> Comments:
        from teei_finops.review.comment.services import GitLabComments

        return GitLabComments.at(url, token, project, number)

    return _publish(options, comments, f"{project}!{number}")


def _publish(options: argparse.Namespace, comments: Callable[[], Comments], request: str) -> int:
    try:
        from teei_finops.review.comment.sticky import comment_text, publish
    except ImportError:
        raise UserError("comment: httpx is not installed; run pip install 'teei-finops[comment]'") from None
    reports = [_report(path) for path in options.document]
    done = publish(comments(), comment_text(reports, options.tag))
    print(f"comment on {request}: {done}")
    return 0


def _report(path: str) -> Report:
    report = read_document(read_text(path), path)
    if report is None:
        raise UserError(f"{path}: not the document of a review; pass the output of `review --format json`")
    return report


def _pull_request_of_event() -> int:
    path = _required("GITHUB_EVENT_PATH", "--pull-request N")
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError("comment: the event has no pull request; give --pull-request N") from None


def _token(service: str) -> str:
    for name in TOKENS[service]:
        if os.environ.get(name):
            return os.environ[name]
    raise UserError(f"comment: no token; set {' or '.join(TOKENS[service])}")


def _required(variable: str, option: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise UserError(f"comment: {variable} is not set; give {option}")
    return value


def _number(text: str) -> int:
    if not text.isdecimal():
        raise UserError(f"comment: {text!r} is not a number; give --merge-request N")
    return int(text)


def _no_service(_: argparse.Namespace) -> int:
    raise UserError("comment: no service; choose github or gitlab, or run 'teei-finops comment --help'")


_EXIT_CODES = "0 when the comment is there, 2 on an error"
COMMENT = Command(
    name="comment",
    summary="publish a review as a comment on a pull request, which is updated in place",
    run=_no_service,
    example="teei-finops comment github review.json",
    exit_codes=_EXIT_CODES,
    commands=(
        Command(
            name="github",
            summary="comment on a pull request of GitHub",
            description="Comment on a pull request of GitHub, or update the comment that is there. The\n"
            "token is read from GITHUB_TOKEN or GH_TOKEN and needs the permission pull-requests: write.",
            configure=_configure_github,
            run=_github,
            example="teei-finops comment github review.json --repository acme/shop --pull-request 7",
            exit_codes=_EXIT_CODES,
        ),
        Command(
            name="gitlab",
            summary="comment on a merge request of GitLab",
            description="Comment on a merge request of GitLab, or update the comment that is there. The\n"
            "token is read from GITLAB_TOKEN and needs the scope api.",
            configure=_configure_gitlab,
            run=_gitlab,
            example="teei-finops comment gitlab review.json --project acme/shop --merge-request 7",
            exit_codes=_EXIT_CODES,
        ),
    ),
)
