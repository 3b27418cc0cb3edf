"""No input makes an estimator fail: whatever stands in a property, the resource has a price or a reason."""

import copy
import random
import re
from datetime import date
from pathlib import Path

import pytest

from teei_finops.costing.amounts import REASONS
from teei_finops.costing.estimate import PlanEstimator, estimators
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing
from tests.teei_finops.costing.preview_builder import SECRET, UNKNOWN, create, preview

SERVICES = Path(__file__).parents[3] / "teei_finops" / "costing" / "estimators"
# Every path that some estimator reads.
PATHS = sorted(
    {
        name
        for file in SERVICES.glob("*.py")
        for name in re.findall(r'"([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*)"', file.read_text())
    }
)
WORDS = sorted(
    {
        word
        for file in SERVICES.glob("*.py")
        for word in re.findall(r'"([A-Za-z][\w.\- ]{1,30})"', file.read_text())
    }
)
ODD = [
    UNKNOWN, SECRET, None, "", " ", "x", "0", "-1", "1e9999", 0, -3, 1, 2.5, 10**30, 1e308, True, [], {},
    False, [None], [UNKNOWN], [SECRET], [[]], [{}], ["a", 1], {"a": UNKNOWN}, {"size": {}}, "m5.large", "2Gi",
    "db.r6g.large", "rate(5 minutes)", "cron(0 12 * * ? *)", "1.31", "arn:aws:x:us-east-1:1:y/z", "500m",
]  # fmt: skip
ROUNDS = 25


def value(chosen: random.Random, depth: int = 0):
    kind = chosen.random()
    if kind < 0.45:
        return copy.deepcopy(chosen.choice(ODD))
    if kind < 0.75:
        return chosen.choice(WORDS)
    if kind < 0.85:
        return chosen.choice([1, 3, 20, 100, 3000, 40000])
    if depth > 2:
        return None
    made = {chosen.choice(PATHS).partition(".")[0]: value(chosen, depth + 1) for _ in range(4)}
    return [made] if kind < 0.93 else made


def inputs(chosen: random.Random, names: list[str]) -> dict:
    made: dict = {}
    for path in chosen.sample(names, min(len(names), 12)):
        at = made
        *parents, last = path.split(".")
        for part in parents:
            inner = at.get(part)
            at[part] = inner if isinstance(inner, dict) else {}
            at = at[part]
        at[last] = value(chosen)
    return made


def paths_read_by(token: str) -> list[str]:
    """The paths in the estimator's own module, which are likely to matter to it."""
    module = Path(estimators()[token].__code__.co_filename)
    return sorted(set(re.findall(r'"([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*)"', module.read_text())))


@pytest.mark.parametrize("token", sorted(estimators()))
def test_whatever_stands_in_a_property_there_is_a_price_or_a_reason(token):
    chosen = random.Random(token)
    names = paths_read_by(token)
    others = sorted(estimators())
    for _ in range(ROUNDS):
        steps = [create(token, "it", inputs(chosen, names), id="it")]
        steps += [create(chosen.choice(others), f"n{n}", inputs(chosen, names), id="x") for n in range(2)]
        plan = read_plan(preview(*steps), name="p")
        estimate = PlanEstimator(plan, Pricing(list_prices(), date(2026, 11, 24))).estimate(plan.resources[0])
        if estimate.state == "unpriced":
            assert estimate.reason.startswith(REASONS)
        else:
            assert 0 <= estimate.after.low <= estimate.after.expected <= estimate.after.high
