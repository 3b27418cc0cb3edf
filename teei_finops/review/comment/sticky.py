"""One comment for each marker: it is created once and updated in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import httpx

from teei_finops.errors import UserError
from teei_finops.review.render import markdown
from teei_finops.review.report_schema import Report

TIMEOUT_SECONDS = 30
RETRIES = 3  # of a connection that cannot be opened


class CommentError(UserError):
    """The service did not accept the comment."""


class Comments(Protocol):
    """The comments on one pull request or merge request."""

    def bodies(self) -> Iterator[tuple[int, str]]:
        """The id and the text of each comment, the oldest first."""
        ...

    def create(self, body: str) -> None: ...

    def update(self, comment: int, body: str) -> None: ...


def marker(tag: str) -> str:
    """The hidden first line of the comment; two comments on one request have different tags."""
    return f"{markdown.MARKER.removesuffix(' -->')}: {tag} -->" if tag else markdown.MARKER


def comment_text(reports: Sequence[Report], tag: str) -> str:
    """All reports in one comment, each within its part of the limit."""
    limit = markdown.LIMIT // len(reports)
    texts = [markdown.render(report, marker=marker(tag), limit=limit) for report in reports]
    first, *others = texts
    return "\n".join([first, *(text.removeprefix(f"{marker(tag)}\n") for text in others)])


def publish(comments: Comments, text: str) -> str:
    """Creates the comment, or updates the one that starts with the same line.

    Returns `created`, `updated` or `unchanged`.
    """
    first_line = text.partition("\n")[0]
    for comment, body in comments.bodies():
        lines = body.splitlines()
        if lines and lines[0].strip() == first_line:
            if [line.rstrip() for line in lines] == [line.rstrip() for line in text.splitlines()]:
                return "unchanged"
            comments.update(comment, text)
            return "updated"
    comments.create(text)
    return "created"


def client(url: str, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(
        base_url=url,
        headers=headers,
        timeout=TIMEOUT_SECONDS,
        transport=httpx.HTTPTransport(retries=RETRIES),
        follow_redirects=True,
    )


def request(connection: httpx.Client, method: str, url: str, **options: Any) -> httpx.Response:
    """Raises `CommentError` with the answer of the service, or with why there is none."""
    try:
        response = connection.request(method, url, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommentError(f"comment: {connection.base_url}: {error}") from None
    if response.is_error:
        text = " ".join(response.text.split())[:200]
        raise CommentError(
            f"comment: {method} {response.url} answered {response.status_code}: {text}; "
            "check the token and its permission to write comments"
        )
    return response


def pages(connection: httpx.Client, url: str) -> Iterator[dict[str, Any]]:
    """The items of all pages of a list, which the services link by the header `Link`."""
    following: str | None = url
    while following:
        response = request(connection, "GET", following)
        yield from response.json()
        following = response.links.get("next", {}).get("url")
