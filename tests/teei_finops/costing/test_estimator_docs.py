"""The example in `docs/estimators.md` is the estimator that the package runs."""

import re
from pathlib import Path

from teei_finops.costing.estimation_context import EstimationContext

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "estimators.md").read_text(encoding="utf-8")


def test_the_example_is_the_source_of_a_real_estimator():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    module = ROOT / "teei_finops" / "costing" / "estimators" / "sqs.py"
    assert example == module.read_text(encoding="utf-8")


def test_every_method_in_the_page_exists():
    methods = set(re.findall(r"\bctx\.(\w+)", PAGE))
    assert len(methods) > 15
    assert [name for name in methods if not hasattr(EstimationContext, name)] == []


def test_every_file_in_the_page_exists():
    paths = set(re.findall(r"`((?:teei_finops|tests)/[\w./-]+)`", PAGE))
    assert len(paths) >= 5
    assert [path for path in paths if not (ROOT / path).exists()] == []
