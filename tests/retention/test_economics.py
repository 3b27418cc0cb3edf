"""What a transition saves, computed by hand from the list prices of us-east-1."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from retention.economics import transition_costs
from retention.errors import RetentionError
from retention.object_sizes import object_sizes
from retention.stores.aws import Aws
from teei_finops.costing.prices.price_book import PriceBook, list_prices
from tests.retention.support import NOW, fake_account, stack

# US dollars a GB-month: Standard 0.023, Standard-IA 0.0125, Glacier Instant Retrieval 0.004, Deep Archive
# 0.00099. A move costs 0.01, 0.02 and 0.05 for 1,000 objects. A month has 365/12 days.
MONTH = Decimal(365) / 12
GB = 1_000_000 / Decimal(1024 * 1024)  # of a million objects of 1 KB


def costs(role, kb, **changes):
    settings = stack(**changes).settings
    bucket = settings.storage.buckets()[role]
    return list(transition_costs(f"storage.{role}", bucket, settings.region, Decimal(kb), list_prices()))


def test_a_transition_to_standard_ia_saves_for_large_objects_and_loses_for_small_ones():
    [large] = costs("exports", 1024)
    assert round(large.without, 6) == round(GB * 1024 * Decimal("0.023") * 90 / MONTH, 6)
    assert round(large.storage, 6) == round(GB * 1024 * Decimal("0.0125") * 90 / MONTH, 6)
    assert large.requests == 10
    assert large.saving == large.without - large.storage - 10 > 0
    assert not large.loses
    [small] = costs("exports", 256)
    assert small.loses
    assert small.arithmetic == (
        "1,000,000 objects of 256 KB (244 GB) cost $16.61 for 90 days in STANDARD; in STANDARD_IA they cost"
        " $9.03, and $10.00 to move: $2.41 more. It saves above 338 KB"
    )


def test_the_saving_is_zero_at_the_size_from_which_a_transition_saves():
    for role in ("exports", "backups", "logs"):
        for cost in costs(role, 1024):
            assert cost.break_even_kb is not None
            at_break_even = next(
                item for item in costs(role, cost.break_even_kb) if item.setting == cost.setting
            )
            assert abs(at_break_even.saving) < Decimal("1e-9")


def test_the_overhead_of_archived_objects_counts():
    [_, archived] = costs("backups", 1024)
    monthly = GB * (
        (1024 + 32) * Decimal("0.00099") + 8 * Decimal("0.023")  # 8 KB of each object stay in Standard
    )
    assert round(archived.storage, 6) == round(monthly * 700 / MONTH, 6)
    assert archived.days == 700  # day 120 to day 730, and 90 days as a noncurrent version
    assert archived.before == "GLACIER_IR"


def test_a_stay_that_is_shorter_than_the_minimum_is_billed_for_the_minimum():
    changes = {
        "storage__exports__transitions": [{"days": 30, "storage_class": "GLACIER_IR"}],
        "storage__exports__expiration_days": 120,
        "storage__exports__noncurrent_versions": {"days": 1},
    }
    [cost] = costs("exports", 4096, **changes)
    assert (cost.days, cost.billed_days) == (91, 91)
    bucket = stack(**changes).settings.storage.exports.model_copy(update={"expiration_days": 40})
    [short] = transition_costs("exports", bucket, "us-east-1", Decimal(4096), list_prices())
    assert (short.days, short.billed_days) == (11, 90)
    assert "for 11 days in STANDARD; in GLACIER_IR (billed for at least 90) they cost" in short.arithmetic
    assert short.loses
    assert short.break_even_kb is None


def test_small_objects_are_not_moved_and_so_lose_nothing():
    [cost] = costs("exports", 64)
    assert cost.moves_nothing
    assert not cost.loses
    assert cost.arithmetic.endswith("stay in STANDARD: S3 does not move objects below 128 KB")


def test_the_transitions_of_every_stack_save_for_objects_of_a_megabyte():
    for region in ("us-east-1", "eu-central-1"):
        settings = stack().settings
        for role, bucket in settings.storage.buckets().items():
            for cost in transition_costs(role, bucket, region, Decimal(1024), list_prices()):
                assert cost.saving > 0, (region, cost.setting)


def test_a_missing_price_is_an_error():
    bucket = stack().settings.storage.exports
    with pytest.raises(RetentionError, match=r"no price of STANDARD \(storage\) in us-east-1"):
        list(transition_costs("exports", bucket, "us-east-1", Decimal(1024), PriceBook({})))


def test_the_size_of_the_objects_is_given_or_measured_or_assumed():
    stack_ = stack()
    exports = stack_.settings.storage.exports
    with fake_account() as session:
        client = session.client("s3")
        client.create_bucket(Bucket=exports.name)
        for key in ("a", "b"):
            client.put_object(Bucket=exports.name, Key=key, Body=b"x" * 2048)
        aws = Aws(stack_.settings.account_id, "us-east-1", session)
        sizes = dict(object_sizes(stack_.buckets, {"backups": Decimal(64)}, aws, datetime.now(UTC)))
    assert (sizes["storage.backups"].kb, sizes["storage.backups"].origin) == (64, "--object-kb")
    assert sizes["storage.exports"].origin == "measured by CloudWatch"
    assert sizes["storage.exports"].kb > 0
    assert (sizes["storage.logs"].kb, sizes["storage.logs"].origin) == (1024, "assumed")
    with pytest.raises(RetentionError, match="unknown bucket 'export'; use one of exports, backups"):
        dict(object_sizes(stack_.buckets, {"export": Decimal(1)}, None, NOW))
