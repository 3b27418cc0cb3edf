"""The change of usage costs by price, usage and mix, by hand."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.reports.figures.variance import Usage, variance


def row(
    cost,
    before,
    quantity,
    quantity_before,
    usage_type="BoxUsage:m6i.large",
    group="BoxUsage",
    region="us-east-1",
):
    def number(value):
        return None if value is None else Decimal(value)

    return Usage(
        "EC2",
        group,
        usage_type,
        region,
        Decimal(cost),
        Decimal(before),
        number(quantity),
        number(quantity_before),
    )


def parts(change):
    return (change.price, change.usage, change.mix, change.not_split)


def test_a_higher_price_for_the_same_usage_is_price():
    assert parts(variance([row("44", "40", "100", "100")])) == (4, 0, 0, 0)


def test_more_usage_at_the_same_price_is_usage():
    assert parts(variance([row("60", "40", "150", "100")])) == (0, 20, 0, 0)


def test_larger_instances_for_the_same_hours_are_mix():
    rows = [
        row("10", "40", "25", "100"),  # 0.40 an hour
        row("60", "0", "75", None, usage_type="BoxUsage:m6i.xlarge"),  # 0.80 an hour, new
    ]
    assert parts(variance(rows)) == (0, 0, 30, 0)


def test_a_move_to_a_dearer_region_is_mix():
    rows = [
        row("20", "40", "50", "100"),
        row("25", "0", "50", "0", region="eu-central-1"),
    ]
    assert parts(variance(rows)) == (0, 0, 5, 0)


def test_price_usage_and_mix_at_once():
    # Before 100 h at 0.40 and 100 h at 1.00; after 180 h at 0.50 and 60 h at 1.00: 240 h.
    rows = [
        row("90", "40", "180", "100"),
        row("60", "100", "60", "100", usage_type="BoxUsage:m6i.2xlarge"),
    ]
    # usage (240 - 200) * 0.70 = 28; price 180 * 0.10 = 18; mix (180 - 120) * 0.40 + (60 - 120) * 1.00 = -36
    assert parts(variance(rows)) == (18, 28, -36, 0)


def test_a_service_that_starts_or_ends_is_usage():
    rows = [row("7", "0", "10", None, usage_type="A"), row("0", "5", None, "9", group="B")]
    assert parts(variance(rows)) == (0, 2, 0, 0)


def test_a_group_in_which_a_cost_has_no_quantity_is_not_split():
    rows = [row("44", "40", "100", "100"), row("9", "3", None, None, region="eu-central-1")]
    assert parts(variance(rows)) == (0, 0, 0, 10)


def test_groups_are_split_on_their_own_since_their_units_differ():
    rows = [
        row("44", "40", "100", "100"),
        row("30", "10", "3000", "1000", usage_type="Requests-Tier1", group="Requests-Tier1"),
    ]
    assert parts(variance(rows)) == (4, 20, 0, 0)


def test_usage_types_of_a_group_with_several_units_are_split_on_their_own():
    rows = [
        row("80", "80", "1000", "1000", usage_type="EBS:VolumeUsage.gp3", group="EBS"),  # GB-months
        row("30", "15", "6000", "3000", usage_type="EBS:VolumeP-IOPS.gp3", group="EBS"),  # IOPS-months
    ]
    assert parts(variance(rows)) == (0, 15, 0, 0)


amounts = st.integers(0, 10**9).map(lambda number: Decimal(number) / 1000)
quantities = st.none() | amounts
usages = st.builds(
    Usage, st.just("S"), st.sampled_from(["BoxUsage", "EBS"]), st.sampled_from("xy"), st.just("r"),
    amounts, amounts, quantities, quantities,
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.lists(usages, max_size=6))
def test_the_parts_always_add_up_to_the_change(rows):
    change = sum((entry.cost - entry.cost_before for entry in rows), Decimal(0))
    assert abs(variance(rows).total - change) < Decimal("1e-12")
