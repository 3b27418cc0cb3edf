"""The documentation says which runtime of the AI budget API is cheaper, as the cost review computes it."""

import re

import pytest

from bench import ai_budget_runtimes
from tests.components.stack_config import ROOT

pytestmark = pytest.mark.engine


def test_the_documented_costs_of_both_runtimes_are_those_of_the_cost_review():
    results = ai_budget_runtimes.rows()
    operations = (ROOT / "docs" / "ai-budget-operations.md").read_text()
    assert ai_budget_runtimes.table(results) in operations
    rate, function, pods = results[-1]
    assert function >= pods
    documented = re.findall(r"heaper from ([0-9.]+) checks a second", operations)
    documented += re.findall(
        r"heaper from ([0-9.]+) checks a second", (ROOT / "docs/ai-budget.md").read_text()
    )
    assert documented == [str(rate)] * 2
