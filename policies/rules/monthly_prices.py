"""List prices that messages show, from the price book of the cost review."""

from decimal import Decimal

from policies.evaluation_context import EvaluationContext
from policies.resources import Resource
from teei_finops.costing.amounts import HOURS
from teei_finops.costing.prices.price_book import list_prices


def region_of(context: EvaluationContext, resource: Resource) -> str | None:
    """The Region of the resource, of its provider, or of the stack's config; None where none is known."""
    candidates = (
        resource.inputs["region"].data,
        resource.provider["region"].data,
        context.stack_context.config.get("aws:region"),
    )
    return next((candidate for candidate in candidates if isinstance(candidate, str)), None)


def monthly_usd(
    context: EvaluationContext, resource: Resource, service: str, family: str, key: str
) -> Decimal | None:
    """What an hourly charge of the resource costs in a month of 730 hours, in US dollars at list price.

    None where the Region is unknown or has no price.
    """
    region = region_of(context, resource)
    rate = list_prices().find(region, service, family, key) if region else None
    return rate.tiers[0].usd * HOURS if rate else None
