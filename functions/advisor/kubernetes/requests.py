"""The request that a container needs, from what it used."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from functions.advisor.kubernetes.usage import Use
from functions.advisor.settings import Settings

MIB = 1024**2
# Requests are rounded up to these steps, and are at least one of them.
STEPS = {"cpu": 0.01, "memory": 16 * MIB}


@dataclass(frozen=True)
class Need:
    """What a container needs of a resource, in cores or bytes, and why: words for the evidence."""

    amount: float
    reason: str


def need(use: Use, resource: str, settings: Settings) -> Need:
    """The percentile with headroom, the highest use of the window, or the growth of the daily peaks.

    The largest of the three, so that it is never below what was needed in the window.
    """
    share, headroom = (
        (settings.cpu_percentile, settings.cpu_headroom)
        if resource == "cpu"
        else (settings.memory_percentile, settings.memory_headroom)
    )
    candidates = [
        Need(
            use.percentile * (1 + float(headroom)),
            f"{_percentile(share)} plus {(headroom * 100).normalize():f} %",
        ),
        Need(use.peak, "the highest use"),
    ]
    if settings.growth_days:
        grown = use.after(settings.growth_days)
        candidates.append(Need(grown, f"the growth of the daily peaks in {settings.growth_days} days"))
    largest = max(candidates, key=lambda candidate: candidate.amount)
    return Need(rounded_up(largest.amount, resource), largest.reason)


def _percentile(share: Decimal) -> str:
    return "the highest" if share == 1 else f"p{(share * 100).normalize():f}"


def rounded_up(amount: float, resource: str) -> float:
    """The next step, with no step for an error of floats."""
    step = STEPS[resource]
    return max(math.ceil(amount / step - 1e-6), 1) * step


def lowers(recommended: float, request: float, settings: Settings) -> bool:
    """Whether the change is large enough to be worth a rollout."""
    return recommended <= request * (1 - float(settings.minimum_change)) + 1e-9


def quantity(amount: float, resource: str) -> str:
    """A Kubernetes quantity: `250m` or `512Mi`."""
    if resource == "cpu":
        return f"{round(amount * 1000)}m"
    return f"{round(amount / MIB)}Mi"


def quantities(requests: Mapping[str, float]) -> dict[str, str]:
    return {resource: quantity(amount, resource) for resource, amount in sorted(requests.items())}
