"""Whether the memory and the connections of an RDS instance fit a smaller class."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from functions.advisor.account.context import Account
from functions.advisor.findings import Confidence, percent
from functions.cost_data.sources.aws import AwsError

GIB = 1024**3
# What the smaller class may be filled to by what is in use on the larger one, and by its connections.
MOST_USED = 0.8
# The default of max_connections, as bytes of memory for each:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections, 2026-11
BYTES_A_CONNECTION = {
    "postgres": 9_531_392, "aurora-postgresql": 9_531_392, "mysql": 12_582_880, "mariadb": 12_582_880,
}  # fmt: skip
# The others give most of the memory of whatever class to a buffer, so that its use does not show what
# they need: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Parameters.html and
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.html, 2026-11
_MEASURED_BY_MEMORY = ("postgres",)


class Fit(NamedTuple):
    """Whether the smaller class suffices, as far as is known, and the figures."""

    fits: bool
    evidence: str
    confidence: Confidence


def fits_smaller(
    account: Account,
    instance: dict[str, Any],
    smaller: str,
    free: Sequence[float],
    connections: Sequence[float],
) -> Fit:
    """`free` and `connections` are daily values of FreeableMemory (lowest) and DatabaseConnections (highest).

    Raises AwsError.
    """
    engine = instance["Engine"]
    memory = _memory(account, [instance["DBInstanceClass"], smaller])
    before, after = memory.get(instance["DBInstanceClass"]), memory.get(smaller)
    parts, fits, confidence = [], True, Confidence.LOW
    if engine not in _MEASURED_BY_MEMORY:
        parts.append("the engine fills any memory: look at its cache hit ratio before the change")
    elif before is None or after is None or not free:
        parts.append("its memory was not measured: look at FreeableMemory before the change")
    else:
        used, confidence = before - min(free), Confidence.MEDIUM
        fits = used <= MOST_USED * after
        parts.append(f"at most {used / GIB:.1f} GiB of memory in use, {percent(used / after)} of {smaller}'s")
    if engine in BYTES_A_CONNECTION and connections and after is not None:
        peak, most = max(connections), after / BYTES_A_CONNECTION[engine]
        fits = fits and peak <= MOST_USED * most
        parts.append(f"at most {peak:.0f} connections of the {most:.0f} that it allows by default")
    return Fit(fits, "; ".join(parts), confidence)


def _memory(account: Account, classes: Sequence[str]) -> dict[str, int]:
    """The bytes of memory of classes such as db.m7g.large, from the EC2 type without db."""
    types = {name.removeprefix("db."): name for name in classes}
    try:
        answer = account.items("ec2", "describe_instance_types", "InstanceTypes", InstanceTypes=list(types))
        return {types[item["InstanceType"]]: item["MemoryInfo"]["SizeInMiB"] * 1024**2 for item in answer}
    except AwsError as error:
        if error.code == "InvalidInstanceType":
            return {}
        raise
