"""AWS with recorded answers: requests and answers are checked against the service models of botocore."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

from functions.cost_data.sources.aws import AwsError

ACCOUNT = "111111111111"
_SESSION = botocore.session.get_session()


def _check(service: str, operation: str, parameters: dict[str, Any], answer: dict[str, Any]) -> None:
    model = _SESSION.get_service_model(service)
    (name,) = (name for name in model.operation_names if xform_name(name) == operation)
    shapes = model.operation_model(name)
    for values, shape in ((parameters, shapes.input_shape), (answer, shapes.output_shape)):
        if shape is not None:
            unknown = set(values) - set(shape.members)
            assert not unknown, f"{service} {operation}: no such members {unknown}"
            report = ParamValidator().validate(values, shape)
            assert not report.has_errors(), f"{service} {operation}: {report.generate_report()}"


class RecordedAws:
    """Stands where `Aws` does. `answers` maps "service operation" to an answer, an error or a function.

    A function gets the parameters of the request. What has no answer is denied. `calls` counts the requests.
    """

    home = "us-east-1"
    regions = ("us-east-1",)
    account = ACCOUNT

    def __init__(self, **answers: dict[str, Any] | Exception | Callable[..., dict[str, Any]]) -> None:
        self.answers = {name.replace("__", " "): answer for name, answer in answers.items()}
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, region: str = "", **parameters: Any) -> dict[str, Any]:
        assert isinstance(region, str)
        name = f"{service} {operation}"
        self.calls[name] += 1
        self.requests.append((name, parameters))
        answer = self.answers.get(name, AwsError(f"{name}: AccessDenied", "AccessDenied"))
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(**parameters)
        _check(service, operation, parameters, answer)
        return answer

    def pages(self, service: str, operation: str, region: str = "", **parameters: Any) -> Any:
        while True:
            page = self.call(service, operation, region, **parameters)
            yield page
            token = next((name for name in ("nextToken", "NextToken") if page.get(name)), None)
            if token is None:
                return
            parameters[token] = page[token]

    def cost_explorer_requests(self) -> int:
        return sum(count for name, count in self.calls.items() if name.startswith("ce "))


def usd(amount: str) -> dict[str, str]:
    """An amount as Cost Explorer writes it."""
    return {"Amount": amount, "Unit": "USD"}


def costs(groups: dict[tuple[str, str], tuple[str, str]], day: str, token: str = "") -> dict[str, Any]:
    """An answer of get_cost_and_usage: (unblended, amortized) by the keys of a group."""
    answer: dict[str, Any] = {
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": day, "End": day},
                "Total": {},
                "Groups": [
                    {
                        "Keys": list(keys),
                        "Metrics": {"UnblendedCost": usd(billed), "AmortizedCost": usd(effective)},
                    }
                    for keys, (billed, effective) in groups.items()
                ],
                "Estimated": True,
            }
        ]
    }
    return answer | ({"NextPageToken": token} if token else {})


def forecast(start: str, mean: str, low: str, high: str) -> dict[str, Any]:
    """An answer of get_cost_forecast."""
    return {
        "Total": usd(mean),
        "ForecastResultsByTime": [
            {
                "TimePeriod": {"Start": start, "End": "2026-12-01"},
                "MeanValue": mean,
                "PredictionIntervalLowerBound": low,
                "PredictionIntervalUpperBound": high,
            }
        ],
    }
