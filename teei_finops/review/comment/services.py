"""The comments of GitHub and GitLab.

https://docs.github.com/rest/issues/comments, https://docs.gitlab.com/api/notes, 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from teei_finops.review.comment.sticky import client, pages, request


@dataclass(frozen=True)
class GitHubComments:
    """The comments of a pull request; `repository` is OWNER/NAME."""

    connection: httpx.Client
    repository: str
    number: int

    @classmethod
    def at(cls, url: str, token: str, repository: str, number: int) -> GitHubComments:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        return cls(client(url, headers), repository, number)

    def bodies(self) -> Iterator[tuple[int, str]]:
        url = f"/repos/{self.repository}/issues/{self.number}/comments?per_page=100"
        for comment in pages(self.connection, url):
            yield comment["id"], comment.get("body") or ""

    def create(self, body: str) -> None:
        url = f"/repos/{self.repository}/issues/{self.number}/comments"
        request(self.connection, "POST", url, json={"body": body})

    def update(self, comment: int, body: str) -> None:
        url = f"/repos/{self.repository}/issues/comments/{comment}"
        request(self.connection, "PATCH", url, json={"body": body})


@dataclass(frozen=True)
class GitLabComments:
    """The notes of a merge request; `project` is its id or its path."""

    connection: httpx.Client
    project: str
    number: int

    @classmethod
    def at(cls, url: str, token: str, project: str, number: int) -> GitLabComments:
        return cls(client(url, {"PRIVATE-TOKEN": token}), project, number)

    @property
    def _notes(self) -> str:
        return f"/projects/{quote(self.project, safe='')}/merge_requests/{self.number}/notes"

    def bodies(self) -> Iterator[tuple[int, str]]:
        for note in pages(self.connection, f"{self._notes}?per_page=100&sort=asc&order_by=created_at"):
            yield note["id"], note.get("body") or ""

    def create(self, body: str) -> None:
        request(self.connection, "POST", self._notes, json={"body": body})

    def update(self, comment: int, body: str) -> None:
        request(self.connection, "PUT", f"{self._notes}/{comment}", json={"body": body})
