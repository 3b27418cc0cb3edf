"""What `prices refresh` looks up for a Region."""

from teei_finops.costing.prices.price_book import region_rows, regions
from teei_finops.costing.prices.refresh import fresh_tiers, read_rules, usage_type_prefixes


def test_each_region_has_a_prefix_of_usage_types_of_its_own():
    prefixes = usage_type_prefixes()
    assert set(prefixes) == set(regions())
    assert len(set(prefixes.values())) == len(prefixes)


def test_rules_by_usage_type_look_up_those_of_the_region():
    asked: list[dict[str, str]] = []

    def products(_: str, filters: dict[str, str]) -> list:
        asked.append(filters)
        return []

    rules = read_rules()
    assert fresh_tiers("ap-southeast-7", region_rows("ap-southeast-7"), rules, products) == {}
    assert len(asked) == len(rules)
    assert all(filters["regionCode"] == "ap-southeast-7" for filters in asked)
    usage_types = [filters["usagetype"] for filters in asked if "usagetype" in filters]
    assert "APS9-EBS:SnapshotUsage" in usage_types
    assert all(usage_type.startswith("APS9-") for usage_type in usage_types)
