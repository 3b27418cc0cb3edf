"""List prices that messages show, from the price book of the cost review."""

from decimal import Decimal

from policies.evaluation_context import EvaluationContext
from policies.resources import Resource
from teei_finops.costing.amounts import HOURS
from teei_finops.costing.prices.price_book import list_prices


def monthly_usd(
    context: EvaluationContext, resource: Resource, service: str, family: str, key: str
) -> Decimal | None:
    """What an hourly charge of the resource costs in a month of 730 hours, in US dollars at list price.

    None where the Region is unknown or has no price. The Region is that of the resource, of its provider, or
    of the stack's config.
    """
    candidates = (
        resource.inputs["region"].data,
        resource.provider["region"].data,
        context.stack_context.config.get("aws:region"),
    )
    region = next((candidate for candidate in candidates if isinstance(candidate, str)), None)
    rate = list_prices().find(region, service, family, key) if region else None
    return rate.tiers[0].usd * HOURS if rate else None
