"""Queries to the HTTP API of Prometheus: the only user of httpx here.

https://prometheus.io/docs/prometheus/latest/querying/api/, 2026-11
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx

from functions.advisor.errors import SourceError

TIMEOUT_SECONDS = 120
# The selectors of the queries here: every metric has one of these prefixes, and no label has.
_SELECTOR = re.compile(r"\b((?:kube|container|kubelet|jvm)_\w+)(\{)?")


class Sample(NamedTuple):
    """A series with its value at the instant of the query."""

    labels: dict[str, str]
    value: float


class Series(NamedTuple):
    """A series with its values by Unix time."""

    labels: dict[str, str]
    values: dict[float, float]


class Prometheus:
    """One server, or one cluster of those that it has. Every method raises SourceError.

    Its URL may have a path, and a user and password. Values that are no finite number count as missing.
    """

    def __init__(self, url: str, matcher: str = "") -> None:
        """Every selector gets the label matcher, such as `cluster="eu"`."""
        self._matcher = matcher
        self._certificates = httpx.create_ssl_context()  # once, as that takes longer than most queries
        try:
            self.url = httpx.URL(url.rstrip("/") + "/")
        except httpx.InvalidURL as error:
            raise SourceError(f"Prometheus: {url}: {error}") from None
        if self.url.scheme not in ("http", "https") or not self.url.host:
            raise SourceError(f"Prometheus: {url} is no URL; write it as http://HOST:9090")

    def at(self, query: str, time: datetime) -> list[Sample]:
        """The samples of an instant query."""
        parameters = {"query": self._scoped(query), "time": str(time.timestamp())}
        samples = [
            Sample(item["metric"], float(item["value"][1])) for item in self._result("query", parameters)
        ]
        return [sample for sample in samples if math.isfinite(sample.value)]

    def over(self, query: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """The series of a range query, both ends included."""
        parameters = {
            "query": self._scoped(query), "start": str(start.timestamp()), "end": str(end.timestamp()),
            "step": str(step.total_seconds()),
        }  # fmt: skip
        return _series(self._result("query_range", parameters))

    def raw(self, selector: str, span: timedelta, end: datetime) -> list[Series]:
        """The samples of series as they were stored, up to an instant."""
        query = f"{self._scoped(selector)}[{round(span.total_seconds())}s]"
        return _series(self._result("query", {"query": query, "time": str(end.timestamp())}))

    def of_cluster(self, label: str, name: str) -> "Prometheus":
        """The same server, for the series of one cluster."""
        return Prometheus(str(self.url), f"{label}={quoted(name)}")

    def graph(self, query: str, window: timedelta) -> str:
        """The address of a page that shows a query."""
        parameters = {"g0.expr": self._scoped(query), "g0.tab": "0", "g0.range_input": f"{window.days}d"}
        return str(self._shown_url().join("graph").copy_merge_params(parameters))

    def _shown_url(self) -> httpx.URL:
        return self.url.copy_with(username=None, password=None) if self.url.userinfo else self.url

    def _scoped(self, query: str) -> str:
        if not self._matcher:
            return query
        return _SELECTOR.sub(lambda match: f"{match[1]}{{{self._matcher}{',' if match[2] else '}'}", query)

    def _result(self, path: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        where = f"Prometheus: {self._shown_url()}"
        try:
            answer = httpx.post(
                self.url.join(f"api/v1/{path}"),
                data=parameters,
                timeout=TIMEOUT_SECONDS,
                follow_redirects=True,
                verify=self._certificates,
            )
        except httpx.HTTPError as error:
            raise SourceError(f"{where}: {str(error) or type(error).__name__}") from None
        try:
            body = answer.json()
        except ValueError:
            body = None
        body = body if isinstance(body, dict) else {}
        data = body.get("data")
        if (
            body.get("status") != "success"
            or not isinstance(data, dict)
            or data.get("resultType") not in ("vector", "matrix")
        ):
            reason = body.get("error") or "no series; is it a Prometheus?"
            raise SourceError(f"{where}: HTTP {answer.status_code}: {reason}")
        return data["result"]


def _series(items: Iterable[Mapping[str, Any]]) -> list[Series]:
    return [
        Series(
            item["metric"],
            {float(at): float(value) for at, value in item["values"] if math.isfinite(float(value))},
        )
        for item in items
    ]


def quoted(text: str) -> str:
    """A string of PromQL."""
    return json.dumps(text, ensure_ascii=False)


def one_of(texts: Iterable[str]) -> str:
    """A regular expression, as a string of PromQL, that matches these texts."""
    return quoted("|".join(re.escape(text) for text in sorted(texts)))
