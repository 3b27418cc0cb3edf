"""The names of Cost Explorer are complete enough for every service that has prices."""

import re

from teei_finops.cost_explorer import SERVICES, TAG_FILTER, USAGE_TYPE_GROUPS, tag_filter
from teei_finops.costing.prices.price_book import list_prices


def test_the_code_of_a_service_is_one_of_the_price_list():
    codes = {code for code in SERVICES.values() if code}
    assert codes <= list_prices().services()


def test_names_are_written_without_surrounding_space_and_each_group_once():
    assert all(name == name.strip() for name in (*SERVICES, *USAGE_TYPE_GROUPS))
    assert len(set(USAGE_TYPE_GROUPS)) == len(USAGE_TYPE_GROUPS)


def test_a_tag_filter_has_a_prefix_a_key_and_a_value():
    assert re.fullmatch(TAG_FILTER, tag_filter("cost-center", "CC-1200"))
    for wrong in ("team$data", "user:team", "user:$data", "tag:team$data"):
        assert not re.fullmatch(TAG_FILTER, wrong)
