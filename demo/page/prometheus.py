"""Queries to Prometheus' HTTP API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from types import TracebackType
from typing import Any, Self

import httpx

from demo.processes import DemoError

QUERY_SECONDS = 60


@dataclass(frozen=True)
class Series:
    """The labels of a series and its values by Unix time; one value for an instant query."""

    labels: Mapping[str, str]
    points: list[tuple[float, float]]

    @property
    def newest(self) -> float:
        """The last value."""
        return self.points[-1][1]


class Prometheus:
    """A Prometheus at an address. Every method raises DemoError if it does not answer."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=QUERY_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def instant(self, expr: str, at: datetime) -> list[Series]:
        """The series of a query at an instant, in its order."""
        result = self._data("/api/v1/query", query=expr, time=at.timestamp())
        return self._series(result, "value")

    def over(self, expr: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """The series of a query from start to end."""
        result = self._data(
            "/api/v1/query_range",
            query=expr,
            start=start.timestamp(),
            end=end.timestamp(),
            step=step.total_seconds(),
        )
        return self._series(result, "values")

    def _data(self, path: str, **parameters: Any) -> list[Any]:
        try:
            response = self._client.post(path, data=parameters)
        except httpx.HTTPError as error:
            raise DemoError(f"Prometheus does not answer: {error}") from None
        if response.is_error:
            raise DemoError(f"Prometheus: {response.text.strip()}: {parameters['query']}")
        return response.json()["data"]["result"]

    def _series(self, result: list[Any], key: str) -> list[Series]:
        series = []
        for item in result:
            points = [item[key]] if key == "value" else item[key]
            numbers = [(float(time), float(value)) for time, value in points]
            if numbers := [point for point in numbers if isfinite(point[1])]:
                series.append(Series(item["metric"], numbers))
        return series
