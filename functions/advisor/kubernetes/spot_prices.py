"""What spot instances cost less than on demand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from functions.advisor.findings import Confidence, percent
from functions.advisor.kubernetes.nodes import Node
from functions.advisor.kubernetes.usage import Sampling
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html, 2026-11
HISTORY = timedelta(days=90)


@dataclass(frozen=True)
class SpotDiscount:
    """The share of the price on demand that spot saves, and where it is from."""

    share: Decimal
    basis: str
    confidence: Confidence


def spot_discount(
    aws: Aws | None, nodes: Sequence[Node], at: Sampling, prices: Prices, settings: Settings
) -> SpotDiscount:
    """By the price history of the window for the nodes' types; without one, the share of the setting.

    A spot price differs by zone and changes: the mean of all prices of the window and of all zones counts,
    and the mean of the types.
    """
    types: defaultdict[str, set[str]] = defaultdict(set)
    for node in nodes:
        if node.instance_type and not node.spot:
            types[node.region].add(node.instance_type)
    shares = []
    for region, names in sorted(types.items()):
        history = _history(aws, region, sorted(names), at, settings)
        for name, spot in sorted(history.items()):
            hour = prices.instance_hour(region, name)
            if hour and spot:
                shares.append(max(1 - sum(spot, Decimal(0)) / len(spot) / hour, Decimal(0)))
    if not shares:
        assumed = f"spot is assumed to cost {percent(settings.spot_saving)} less than on demand"
        return SpotDiscount(settings.spot_saving, assumed, Confidence.LOW)
    share = sum(shares, Decimal(0)) / len(shares)
    kinds = ", ".join(sorted({name for names in types.values() for name in names}))
    basis = f"spot cost {percent(share)} less than on demand for {kinds} in {settings.window_days} days"
    return SpotDiscount(share, basis, Confidence.MEDIUM)


def _history(
    aws: Aws | None, region: str, names: list[str], at: Sampling, settings: Settings
) -> dict[str, list[Decimal]]:
    """US dollars an hour by type; empty if the account cannot be read."""
    prices_by_type: defaultdict[str, list[Decimal]] = defaultdict(list)
    if aws is None:
        return prices_by_type
    parameters = {
        "InstanceTypes": names,
        "ProductDescriptions": ["Linux/UNIX"],
        "StartTime": at.end - min(settings.window, HISTORY),
        "EndTime": at.end,
    }
    try:
        for page in aws.pages("ec2", "describe_spot_price_history", region, **parameters):
            for item in page["SpotPriceHistory"]:
                prices_by_type[item["InstanceType"]].append(Decimal(item["SpotPrice"]))
    except AwsError:
        return {}  # then the setting counts; the rules on the account report the error
    return prices_by_type
