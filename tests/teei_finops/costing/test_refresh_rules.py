"""Which rules of `prices refresh` apply to a Region."""

from teei_finops.costing.prices.price_book import region_rows
from teei_finops.costing.prices.refresh import fresh_tiers, read_rules


def test_only_rules_that_need_no_unknown_prefix_are_looked_up():
    asked: list[dict[str, str]] = []

    def products(_: str, filters: dict[str, str]) -> list:
        asked.append(filters)
        return []

    rules = read_rules()
    assert fresh_tiers("ap-southeast-7", region_rows("ap-southeast-7"), rules, products) == {}
    assert asked == [
        {"regionCode": "ap-southeast-7", **rule.filters}
        for rule in rules
        if not any("{prefix}" in value for value in rule.filters.values())
    ]
