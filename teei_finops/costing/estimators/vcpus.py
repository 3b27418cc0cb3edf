"""How many vCPUs an instance type or class has, from its name."""

from __future__ import annotations

import re

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Unpriced

_SIZE = re.compile(r"(?P<times>\d*)xlarge$")
_ONE = frozenset({"t1.micro", "t2.nano", "t2.micro", "t2.small", "m1.small", "m1.medium"})
_HALF = frozenset({"hpc6a", "hpc6id", "hpc7a", "hpc8a"})  # without hyper-threads


def vcpus(kind: str) -> int:
    """vCPUs of `m5.xlarge`, `db.r6g.2xlarge`, `ml.t3.medium`: 4 per xlarge (EC2 instance types, 2026-10).

    Raises `Unpriced` for a name without a size (metal, Oracle's memory variants).
    """
    family, _, size = kind.removeprefix("db.").removeprefix("ml.").removeprefix("cache.").partition(".")
    if f"{family}.{size}" in _ONE:
        return 1
    match = _SIZE.match(size)
    if match:
        return int(match["times"] or 1) * (2 if family in _HALF else 4)
    if size == "large":
        return 2
    if size in ("nano", "micro", "small", "medium"):
        return 2 if family.startswith("t") else 1
    raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"the number of vCPUs of {kind} is not known")
