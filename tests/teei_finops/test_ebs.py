"""The gp3 volume that performs as a volume of another type."""

import pytest

from teei_finops.aws_limits.ebs import gp3_like_gp2, gp3_like_provisioned, gp3_most_iops


@pytest.mark.parametrize(
    ("gib", "iops", "throughput"),
    [
        (1, 3000, 125),
        (170, 3000, 125),
        (171, 3000, 250),
        (1000, 3000, 250),
        (1001, 3003, 250),
        (6000, 16000, 250),
    ],
)
def test_a_gp2_volume_has_iops_by_its_size(gib, iops, throughput):
    assert gp3_like_gp2(gib) == (iops, throughput)


@pytest.mark.parametrize(
    ("kind", "iops", "expected"),
    [
        ("io1", 100, (3000, 125)),
        ("io1", 1000, (3000, 250)),
        ("io1", 8000, (8000, 500)),
        ("io2", 8000, (8000, 1000)),
        ("io2", 3000, (3000, 750)),
    ],
)
def test_the_throughput_of_a_volume_with_provisioned_iops_follows_them(kind, iops, expected):
    assert gp3_like_provisioned(kind, iops) == expected


@pytest.mark.parametrize(("gib", "most"), [(1, 3000), (6, 3000), (10, 5000), (32, 16000), (500, 16000)])
def test_the_iops_of_gp3_are_limited_by_its_size(gib, most):
    assert gp3_most_iops(gib) == most
    assert gp3_most_iops(gib, 80_000) == min(max(3000, 500 * gib), 80_000)
