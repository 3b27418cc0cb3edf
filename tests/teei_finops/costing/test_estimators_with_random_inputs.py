"""No input makes an estimator fail: a resource with any properties has a price or a reason."""

import copy
import random
import re
from datetime import date
from pathlib import Path

from teei_finops.costing.amounts import REASONS
from teei_finops.costing.estimate import PlanEstimator, estimators
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing
from tests.teei_finops.costing.preview_builder import SECRET, UNKNOWN, create, preview

ESTIMATORS = Path(__file__).parents[3] / "teei_finops" / "costing" / "estimators"
# Every path that some estimator reads.
PATHS = sorted(
    {
        name
        for file in ESTIMATORS.glob("*.py")
        for name in re.findall(r'"([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*)"', file.read_text())
    }
)
WORDS = sorted(
    {
        word
        for file in ESTIMATORS.glob("*.py")
        for word in re.findall(r'"([A-Za-z][\w.\- ]{1,30})"', file.read_text())
    }
)
ODD = [
    UNKNOWN, SECRET, None, "", " ", "x", "0", "-1", "1e9999", 0, -3, 1, 2.5, 10**30, 1e308, True, [], {},
    False, [None], [UNKNOWN], [SECRET], [[]], [{}], ["a", 1], {"a": UNKNOWN}, {"size": {}}, "m5.large", "2Gi",
    "db.r6g.large", "rate(5 minutes)", "cron(0 12 * * ? *)", "1.31", "arn:aws:x:us-east-1:1:y/z", "500m",
]  # fmt: skip
ROUNDS = 25


def value(chooser: random.Random, depth: int = 0):
    kind = chooser.random()
    if kind < 0.45:
        return copy.deepcopy(chooser.choice(ODD))
    if kind < 0.75:
        return chooser.choice(WORDS)
    if kind < 0.85:
        return chooser.choice([1, 3, 20, 100, 3000, 40000])
    if depth > 2:
        return None
    properties = {chooser.choice(PATHS).partition(".")[0]: value(chooser, depth + 1) for _ in range(4)}
    return [properties] if kind < 0.93 else properties


def inputs(chooser: random.Random, names: list[str]) -> dict:
    properties: dict = {}
    for path in chooser.sample(names, min(len(names), 12)):
        at = properties
        *parents, last = path.split(".")
        for part in parents:
            inner = at.get(part)
            at[part] = inner if isinstance(inner, dict) else {}
            at = at[part]
        at[last] = value(chooser)
    return properties


def paths_read_by(token: str) -> list[str]:
    """The paths in the estimator's own module, which are likely to matter to it."""
    module = Path(estimators()[token].__code__.co_filename)
    return sorted(set(re.findall(r'"([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*)"', module.read_text())))


def test_every_resource_has_a_price_or_a_reason_whatever_its_properties_are():
    tokens = sorted(estimators())
    problems = []
    for token in tokens:
        chooser = random.Random(token)
        names = paths_read_by(token)
        for _ in range(ROUNDS):
            steps = [create(token, "it", inputs(chooser, names), id="it")]
            steps += [
                create(chooser.choice(tokens), f"n{n}", inputs(chooser, names), id="x") for n in range(2)
            ]
            text = preview(*steps)
            try:
                plan = read_plan(text, name="p")
                pricing = Pricing(list_prices(), date(2026, 11, 24))
                estimate = PlanEstimator(plan, pricing).estimate(plan.resources[0])
                if estimate.state == "unpriced":
                    assert estimate.reason.startswith(REASONS)
                else:
                    assert 0 <= estimate.after.low <= estimate.after.expected <= estimate.after.high
            except Exception as error:
                problems.append((token, repr(error), text))
    assert problems == []
