"""What spot saves, from the price history of the nodes' types. An m6i.large costs $0.096 on demand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from functions.advisor.catalogue import rules
from functions.advisor.kubernetes.nodes import Node
from functions.advisor.kubernetes.spot_prices import spot_discount
from functions.advisor.kubernetes.usage import Sampling
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import AwsError
from tests.functions.cost_data.recorded_aws import RecordedAws

NOW = datetime(2026, 11, 30, tzinfo=UTC)
AT = Sampling(timedelta(minutes=1), NOW)


def node(name, instance_type, spot=False):
    return Node(name, instance_type, "us-east-1", "", 2, 8, spot, {})


def discount(aws, *nodes):
    return spot_discount(aws, nodes or [node("a", "m6i.large")], AT, Prices(NOW.date()), Settings())


def history(*prices):
    return {"SpotPriceHistory": [{"InstanceType": "m6i.large", "SpotPrice": price} for price in prices]}


def test_the_discount_is_that_of_the_mean_price_of_the_window_for_the_types_on_demand():
    aws = RecordedAws(ec2__describe_spot_price_history=history("0.024", "0.048"))
    found = discount(aws, node("a", "m6i.large"), node("b", "c6i.large", spot=True))
    assert found.share == Decimal("0.625")  # 1 - 0.036 / 0.096
    assert found.basis == "spot cost 62 % less than on demand for m6i.large in 14 days"
    ((_, parameters),) = aws.requests
    assert parameters["InstanceTypes"] == ["m6i.large"]
    assert parameters["StartTime"] == NOW - timedelta(days=14)
    assert rules()["spot-candidate"].permissions == ("ec2:DescribeSpotPriceHistory",)


def test_without_a_price_history_the_share_of_the_setting_is_assumed_with_low_confidence():
    denied = RecordedAws(ec2__describe_spot_price_history=AwsError("denied", "UnauthorizedOperation"))
    empty = RecordedAws(ec2__describe_spot_price_history=history())
    for aws in (None, denied, empty):
        found = discount(aws)
        assert (found.share, found.confidence) == (Decimal("0.6"), "low")
        assert "assumed to cost 60 % less" in found.basis


def test_spot_that_costs_more_than_on_demand_saves_nothing():
    assert discount(RecordedAws(ec2__describe_spot_price_history=history("0.2"))).share == 0
