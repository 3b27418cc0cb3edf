"""Queries to the HTTP API of Prometheus: the only user of httpx here.

https://prometheus.io/docs/prometheus/latest/querying/api/, 2026-11
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx

from functions.advisor.errors import SourceError

TIMEOUT_SECONDS = 120


class Sample(NamedTuple):
    """A series with its value at the instant of the query."""

    labels: dict[str, str]
    value: float


class Series(NamedTuple):
    """A series with its values by Unix time."""

    labels: dict[str, str]
    values: dict[float, float]


class Prometheus:
    """One server. Its URL may have a path, and a user and password. Every method raises SourceError."""

    def __init__(self, url: str) -> None:
        try:
            self.url = httpx.URL(url.rstrip("/") + "/")
        except httpx.InvalidURL as error:
            raise SourceError(f"Prometheus: {url}: {error}") from None
        if self.url.scheme not in ("http", "https") or not self.url.host:
            raise SourceError(f"Prometheus: {url} is no URL; write it as http://HOST:9090")

    def at(self, query: str, time: datetime) -> list[Sample]:
        """The samples of an instant query."""
        data = self._post("query", {"query": query, "time": str(time.timestamp())})
        if data["resultType"] != "vector":
            raise SourceError(f"Prometheus: the result of {query} is no vector")
        return [Sample(item["metric"], float(item["value"][1])) for item in data["result"]]

    def over(self, query: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """The series of a range query, both ends included."""
        parameters = {
            "query": query, "start": str(start.timestamp()), "end": str(end.timestamp()),
            "step": str(step.total_seconds()),
        }  # fmt: skip
        return [
            Series(item["metric"], {float(time): float(value) for time, value in item["values"]})
            for item in self._post("query_range", parameters)["result"]
        ]

    def graph(self, query: str, window: timedelta) -> str:
        """The address of a page that shows a query."""
        parameters = {"g0.expr": query, "g0.tab": "0", "g0.range_input": f"{window.days}d"}
        return str(self._shown_url().join("graph").copy_merge_params(parameters))

    def _shown_url(self) -> httpx.URL:
        return self.url.copy_with(username=None, password=None) if self.url.userinfo else self.url

    def _post(self, path: str, parameters: dict[str, str]) -> Any:
        where = f"Prometheus: {self._shown_url()}"
        try:
            answer = httpx.post(
                self.url.join(f"api/v1/{path}"),
                data=parameters,
                timeout=TIMEOUT_SECONDS,
                follow_redirects=True,
            )
        except httpx.HTTPError as error:
            raise SourceError(f"{where}: {str(error) or type(error).__name__}") from None
        try:
            body = answer.json()
        except ValueError:
            raise SourceError(
                f"{where}: HTTP {answer.status_code} without JSON; is it a Prometheus?"
            ) from None
        if not isinstance(body, dict) or body.get("status") != "success":
            reason = body.get("error", "") if isinstance(body, dict) else ""
            raise SourceError(f"{where}: HTTP {answer.status_code} {reason}".rstrip())
        return body["data"]
