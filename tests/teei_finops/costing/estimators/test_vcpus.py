"""vCPUs by the name of an instance type."""

from __future__ import annotations

import pytest

from teei_finops.costing.amounts import Unpriced
from teei_finops.costing.estimators.vcpus import vcpus


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("t2.micro", 1),
        ("t2.medium", 2),
        ("t3.nano", 2),
        ("m3.medium", 1),
        ("m6g.medium", 1),
        ("m5.large", 2),
        ("m5.xlarge", 4),
        ("c5.18xlarge", 72),
        ("hpc7a.96xlarge", 192),
        ("db.r6g.2xlarge", 8),
        ("db.t4g.micro", 2),
        ("ml.m5.xlarge", 4),
        ("cache.r6g.large", 2),
        ("m7i-flex.large", 2),
    ],
)
def test_the_size_in_the_name_gives_the_vcpus(kind, count):
    assert vcpus(kind) == count


@pytest.mark.parametrize("kind", ["m5.metal", "db.serverless", "db.r5.large.tpc1.mem2x", "optimal", ""])
def test_a_name_without_a_size_is_unknown(kind):
    with pytest.raises(Unpriced, match="value unknown until deploy"):
        vcpus(kind)
