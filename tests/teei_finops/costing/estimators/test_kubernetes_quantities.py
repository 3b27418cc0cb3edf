"""Kubernetes quantities."""

from __future__ import annotations

import pytest

from teei_finops.costing.amounts import Unpriced
from teei_finops.costing.estimators.pods import quantity
from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        (2, "2"),
        (0.25, "0.25"),
        ("1Gi", 1024**3),
        ("1.5M", "1500000"),
        ("1e3", "1000"),
        ("100u", "0.0001"),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(text, value):
    assert quantity(text, "here") == D(value)


@pytest.mark.parametrize("text", ["", "lots", "1.2.3", "5 Gi", True])
def test_an_invalid_quantity_is_reported_with_its_place(text):
    with pytest.raises(Unpriced, match="here is not a quantity"):
        quantity(text, "here")
