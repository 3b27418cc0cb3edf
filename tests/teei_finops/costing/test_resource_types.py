"""Every resource type of the installed AWS SDK has one class, with the reason where it has no price."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from teei_finops.costing.prices.price_book import FOLDER
from teei_finops.costing.prices.simple_charges import simple_charges
from teei_finops.costing.resource_types import FREE, NOT_AWS, UNPRICED, class_of, known_types
from tests.teei_finops.costing.estimators.estimate_helpers import dollars, estimate_of

TABLES = ("aws_resource_types.csv", "free_types.csv", "unpriced_types.csv")


def sdk_types() -> set[str]:
    """The tokens that the SDK registers, read without importing it (that takes seconds)."""
    source = Path(find_spec("pulumi_aws").origin).read_text()
    modules = json.loads(re.search(r'resource_modules="""(.*?)"""', source, re.DOTALL)[1])
    return {token for module in modules for token in module["classes"]}


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_type_of_the_sdk_is_in_exactly_one_table_and_no_other_is():
    classed = Counter(row["type"] for name in TABLES for row in table(name))
    assert [token for token, count in classed.items() if count > 1] == []
    assert sdk_types() - set(classed) == set()
    assert set(classed) - sdk_types() == set()
    assert len(classed) >= 1_747


def test_a_type_without_a_price_has_a_reason():
    for name in TABLES[1:]:
        for row in table(name):
            type_class = class_of(row["type"])
            assert type_class.name in (FREE, UNPRICED), row
            assert len(type_class.reason) >= len("metadata"), row
            assert not type_class.usage_keys, row


def test_a_simple_charge_is_of_a_type_with_a_price_and_has_a_whole_range_or_none():
    for token, charges in simple_charges().items():
        assert token in known_types(), token
        for charge in charges:
            if charge.assumed:
                low, expected, high = charge.assumed
                assert 0 <= low <= expected <= high, charge


def test_a_type_that_aws_bills_without_a_price_is_unpriced_by_what_it_bills():
    estimate = estimate_of("aws:kendra/index:Index", {})
    assert (estimate.state, estimate.reason) == ("unpriced", "type not priced: AWS bills index hours")
    assert estimate_of("aws:quantum/thing:Thing", {}).reason == "type unknown: aws:quantum/thing:Thing"


@pytest.mark.parametrize(
    "token",
    [
        "command:local:Command",
        "docker:index/image:Image",
        "random:index/randomPassword:RandomPassword",
        "tls:index/privateKey:PrivateKey",
        "null:index/resource:Resource",
        "mysql:index/user:User",
        "postgresql:index/role:Role",
        "grafana:oss/dashboard:Dashboard",
        "cloudflare:index/record:Record",
    ],
)
def test_resources_of_other_providers_are_listed_and_cost_nothing_on_aws(token):
    estimate = estimate_of(token, {})
    assert class_of(token).name == NOT_AWS
    assert (estimate.state, dollars(estimate)) == ("free", 0)
    assert estimate.notes[0].startswith("not billed by AWS: ") or "program" in estimate.notes[0]


@pytest.mark.parametrize("token", ["gcp:storage/bucket:Bucket", "azure-native:storage:StorageAccount"])
def test_other_clouds_stay_unknown_and_are_never_free(token):
    assert class_of(token) is None
