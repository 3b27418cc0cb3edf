"""The charges of `simple_charges.csv`."""

from __future__ import annotations

from teei_finops.costing.amounts import TYPE_NOT_PRICED, Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.prices.simple_charges import HOURS, MONTHS, NONE, ONE, SimpleCharge, simple_charges


def charge_simple(ctx: EstimationContext, *, alone: bool) -> None:
    """Charges what the table has for the type; `alone` where the type has no other charges.

    Raises `Unpriced` when it is alone and no row of the table is for its settings.
    """
    charges = simple_charges().get(ctx.type, ())
    applicable = [charge for charge in charges if _applies(ctx, charge)]
    if alone and not applicable:
        settings = {charge.path: ctx.value(charge.path) for charge in charges}
        described = (
            f"{path} {value!r}" if isinstance(value, str) else path for path, value in settings.items()
        )
        raise Unpriced(TYPE_NOT_PRICED, f"no price is known for {', '.join(described)}")
    if any(charge.quantity == NONE for charge in applicable):
        return
    for charge in applicable:
        quantity = _quantity(ctx, charge)
        if quantity is not None:
            ctx.charge(charge.what, charge.service, charge.family, charge.key, quantity)


def _applies(ctx: EstimationContext, charge: SimpleCharge) -> bool:
    return not charge.path or str(ctx.value(charge.path) or "") in charge.values


def _quantity(ctx: EstimationContext, charge: SimpleCharge) -> Range | None:
    if charge.quantity in (HOURS, MONTHS):
        return ctx.hours() if charge.quantity == HOURS else ctx.months()
    if charge.quantity == ONE:
        return Range.of(1)
    return ctx.usage(charge.quantity, *charge.assumed) if charge.assumed else ctx.from_usage(charge.quantity)
