"""What the subnets of a resource say: in how many it is, and whether its instances get public addresses."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.preview.values import is_unknown

SUBNET = "aws:ec2/subnet:Subnet"


def subnet_count(ctx: EstimationContext, path: str) -> int:
    """How many subnets the list at `path` has; a list that is unknown as a whole has those it is made from.

    Raises `Unpriced` when it is unknown and nothing says what it is made from.
    """
    if is_unknown(ctx.raw.get(path)):
        made_from = ctx.related_all(path, SUBNET)
        if made_from:
            ctx.note(f"{path} is not known yet: counted by the subnets it is made from")
            return len(made_from)
    return ctx.count(path)


def public_addresses(ctx: EstimationContext, path: str) -> Range:
    """Public IPv4 addresses per instance in the subnets at `path`: 1 or 0 where all subnets agree, else from
    none (expected) to one.
    """
    raw = ctx.raw.get(path)
    subnets = ctx.related_all(path, SUBNET)
    complete = len(subnets) >= (len(raw) if isinstance(raw, list) else 1)
    public = {subnet.flag("mapPublicIpOnLaunch") for subnet in subnets}
    if complete and len(public) == 1:
        return Range.of(int(public.pop()))
    ctx.note(
        "its subnets decide whether instances get a public IPv4 address: none expected, one each at most"
    )
    return Range(Decimal(0), Decimal(0), Decimal(1), assumed=True)
