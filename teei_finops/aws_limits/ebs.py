"""The performance of EBS volumes, and the gp3 volume that performs as one of another type.

Sources, 2026-11: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html and
https://docs.aws.amazon.com/ebs/latest/userguide/provisioned-iops.html
"""

from typing import NamedTuple


class Performance(NamedTuple):
    """IOPS and MiB/s."""

    iops: int
    throughput: int


GP3 = Performance(3_000, 125)  # included in the price of each GiB
GP3_MOST = Performance(16_000, 1_000)
GP3_IOPS_A_GIB = 500
# gp2: 3 IOPS a GiB, between 100 and 16,000; 128 MiB/s up to 170 GiB, 250 MiB/s from 334 GiB on, between them
# while it has burst credits.
_GP2_IOPS_A_GIB, _GP2_MOST_IOPS, _GP2_SMALL_GIB, _GP2_THROUGHPUT = 3, 16_000, 170, 250
# An operation of io1 and io2 moves at most 256 KiB.
_OPERATIONS_A_MIB = 4
_MOST_THROUGHPUT = {"io1": 500, "io2": GP3_MOST.throughput}


def gp3_like_gp2(gib: int) -> Performance:
    """What a gp3 volume needs to perform as a gp2 volume of this size."""
    iops = min(_GP2_IOPS_A_GIB * gib, _GP2_MOST_IOPS)
    throughput = GP3.throughput if gib <= _GP2_SMALL_GIB else _GP2_THROUGHPUT
    return Performance(max(iops, GP3.iops), throughput)


def gp3_like_provisioned(kind: str, iops: int) -> Performance:
    """What a gp3 volume needs to perform as an io1 or io2 volume with these IOPS."""
    throughput = min(max(iops // _OPERATIONS_A_MIB, GP3.throughput), _MOST_THROUGHPUT[kind])
    return Performance(max(iops, GP3.iops), throughput)


def gp3_most_iops(gib: float, most: float = GP3_MOST.iops) -> float:
    """The most IOPS of a gp3 volume of this size, where a large one has at most `most`."""
    return min(most, max(gib * GP3_IOPS_A_GIB, GP3.iops))
