"""Dimensions that are billed only when the usage profile states them."""

from __future__ import annotations

from teei_finops.costing.estimation_context import EstimationContext


def charge_from_usage(
    ctx: EstimationContext,
    usage_key: str,
    what: str,
    service: str,
    family: str,
    key: str,
    *,
    region: str | None = None,
) -> None:
    """Bills what the profile states under `usage_key`; nothing when it is silent."""
    quantity = ctx.from_usage(usage_key)
    if quantity is not None:
        ctx.charge(what, service, family, key, quantity, region=region)
