"""S3 buckets and what their lifecycle rules cost and save."""

from __future__ import annotations

from typing import Any

import pytest

from tests.teei_finops.costing.estimators.bills import (
    EU,
    UNKNOWN,
    US,
    D,
    amounts,
    bill,
    dollars,
    price,
    resource,
)

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
MONTH = D(365) / 12
# 1,024 GB a month in objects of 1 MB: 1,048,576 of them.
BUSY = {"monthly_uploaded_gb": 1_024, "average_object_kb": 1_024, "monthly_standard_tier2_requests": 0}
OBJECTS = D(1_048_576)
NEAR = D("1e-6")


def s3(family: str, key: str, region: str = US, tier: int = 0) -> D:
    return price("AmazonS3", family, key, region, tier=tier)


def rules(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"bucket": "logs", "rules": [{"status": "Enabled", **rule} for rule in rules], **more}


def moves(*pairs: tuple[int, str], **rule: Any) -> dict[str, Any]:
    return {"transitions": [{"days": days, "storageClass": name} for days, name in pairs], **rule}


def billed(
    lifecycle: dict[str, Any] | None, *others: Any, usage: dict[str, Any] | None = None, **inputs: Any
):
    neighbours = [resource(LIFECYCLE, lifecycle, name="rules")] if lifecycle else []
    return bill(BUCKET, {"bucket": "logs", **inputs}, *neighbours, *others, usage={**BUSY, **(usage or {})})


def line(it: Any, start: str) -> D:
    """The one line that begins like this."""
    found = [amount for what, amount in amounts(it).items() if what.startswith(start)]
    assert len(found) == 1, amounts(it)
    return found[0]


def test_stated_storage_and_requests_are_billed_by_class():
    usage = {
        "standard_storage_gb": 60_000,
        "monthly_uploaded_gb": 0,
        "average_object_kb": 1_024,
        "monthly_standard_tier1_requests": 2_000_000,
        "monthly_standard_tier2_requests": 10_000_000,
        "standard_ia_storage_gb": 100,
        "monthly_standard_ia_tier1_requests": 1_000,
        "monthly_standard_ia_retrieval_gb": 5,
        "monthly_standard_ia_transitions": 3_000,
        "glacier_ir_storage_gb": 200,
        "deep_archive_storage_gb": 300,
        "monthly_deep_archive_standard_retrieval_gb": 2,
        "intelligent_tiering_frequent_storage_gb": 50,
        "intelligent_tiering_monitored_objects": 4_000,
        "monthly_internet_egress_gb": 100,
        "monthly_inter_region_gb": 10,
    }
    assert dollars(bill(BUCKET, {}, region=EU, usage=usage)) == (
        51_200 * s3("standard", "storage", EU)
        + 8_800 * s3("standard", "storage", EU, 51_200)
        + 2_000 * s3("standard", "requests-tier1", EU)
        + 10_000 * s3("standard", "requests-tier2", EU)
        + 100 * s3("standard-ia", "storage", EU)
        + s3("standard-ia", "requests-tier1", EU)
        + 5 * s3("standard-ia", "retrieval", EU)
        + 3 * s3("standard-ia", "lifecycle-transition", EU)
        + 200 * s3("glacier-ir", "storage", EU)
        + 300 * s3("deep-archive", "storage", EU)
        + 2 * s3("deep-archive", "retrieval-standard", EU)
        + 50 * s3("intelligent-tiering", "frequent", EU)
        + 4 * s3("intelligent-tiering", "monitoring", EU)
        + 100 * price("AWSDataTransfer", "internet-out", "data", EU)
        + 10 * price("AWSDataTransfer", "inter-region-out", "other-regions", EU)
    )


def test_a_bucket_without_rules_keeps_a_year_in_standard():
    it = billed(None)
    assert line(it, "Storage in standard") == 12 * 1_024 * s3("standard", "storage")
    assert line(it, "PUT") == OBJECTS / 1_000 * s3("standard", "requests-tier1")
    assert it.state == "usage"
    assert bill(BUCKET, {}).after.assumed


def test_rules_move_objects_on_and_the_moves_are_billed():
    rule = moves((30, "STANDARD_IA"), (90, "GLACIER_IR"), (365, "DEEP_ARCHIVE"), expiration={"days": 730})
    it = billed(rules(rule))
    months = {
        "standard": 30 / MONTH,
        "standard-ia": 60 / MONTH,
        "glacier-ir": 275 / MONTH,
        "deep-archive": 365 / MONTH,
    }
    for family, kept in months.items():
        assert abs(line(it, f"Storage in {family},") - 1_024 * kept * s3(family, "storage")) < NEAR
    for family in ("standard-ia", "glacier-ir", "deep-archive"):
        moved = line(it, f"Lifecycle transitions to {family}")
        assert moved == OBJECTS / 1_000 * s3(family, "lifecycle-transition")
    kept = OBJECTS * 12  # a year in the archive
    assert (
        abs(line(it, "Object overhead in deep-archive") - kept * 32 / 1024**2 * s3("deep-archive", "storage"))
        < NEAR
    )
    assert (
        abs(
            line(it, "Object overhead of deep-archive in standard")
            - kept * 8 / 1024**2 * s3("standard", "storage")
        )
        < NEAR
    )


def test_rules_in_the_bucket_itself_count_the_same():
    rule = {
        "enabled": True,
        "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
        "expiration": {"days": 90},
    }
    apart = rules(moves((30, "STANDARD_IA"), expiration={"days": 90}))
    assert amounts(billed(None, lifecycleRules=[rule])) == amounts(billed(apart))
    for part in ({"enabled": False}, {"prefix": "raw/"}, {"tags": {"a": "b"}}):
        assert billed(None, lifecycleRules=[{**rule, **part}]).after == billed(None).after


def test_rules_of_a_bucket_not_yet_named_are_found_by_dependency():
    unnamed = {**rules({"expiration": {"days": 30}}), "bucket": UNKNOWN}
    joined = resource(LIFECYCLE, unnamed, name="rules", made_from={"bucket": (BUCKET, "it")})
    it = bill(BUCKET, {}, joined, usage=BUSY)
    assert (
        abs(line(it, "Storage in standard, days 0 to 30") - 1_024 * 30 / MONTH * s3("standard", "storage"))
        < NEAR
    )
    lost = bill(BUCKET, {}, resource(LIFECYCLE, unnamed, name="rules"), usage=BUSY)
    assert lost.reason.startswith("value unknown until deploy: bucket of a BucketLifecycleConfiguration")


def test_a_note_says_what_the_rules_save_or_cost():
    it = billed(rules(moves((30, "GLACIER_IR"))))
    without = 12 * 1_024 * s3("standard", "storage")
    moved = OBJECTS / 1_000 * s3("glacier-ir", "lifecycle-transition")
    stored = line(it, "Storage in standard") + line(it, "Storage in glacier-ir")
    assert it.notes == (
        f"lifecycle: saves {without - stored - moved:.2f} USD a month compared with 12 months in Standard "
        f"({without:.2f} USD), including its transitions ({moved:.2f} USD)",
    )
    tiny = billed(
        rules(moves((0, "DEEP_ARCHIVE")), transitionDefaultMinimumObjectSize="varies_by_storage_class"),
        usage={"average_object_kb": 1},
    )
    assert "lifecycle: costs" in tiny.notes[0]


def test_leaving_a_class_early_pays_its_minimum_days():
    it = billed(rules(moves((30, "GLACIER_IR"), expiration={"days": 40})))
    assert (
        abs(
            line(it, "Storage in glacier-ir, days 30 to 40")
            - 1_024 * 90 / MONTH * s3("glacier-ir", "storage")
        )
        < NEAR
    )


def test_small_objects_stay_behind_unless_the_rule_says_so():
    small = {"average_object_kb": 64, "monthly_uploaded_gb": 64}
    rule = moves((30, "STANDARD_IA"), (90, "GLACIER"))
    stays = billed(rules(rule), usage=small)
    assert line(stays, "Storage in standard") == 12 * 64 * s3("standard", "storage")
    assert stays.notes[0] == "lifecycle: objects below 128 KB are not moved to STANDARD_IA"
    varies = billed(rules(rule, transitionDefaultMinimumObjectSize="varies_by_storage_class"), usage=small)
    assert "Lifecycle transitions to standard-ia" not in amounts(varies)
    assert line(varies, "Lifecycle transitions to glacier-flexible") == OBJECTS / 1_000 * s3(
        "glacier-flexible", "lifecycle-transition"
    )
    sized = billed(rules({**rule, "filter": {"objectSizeGreaterThan": 32 * 1024}}), usage=small)
    # 64 KB objects are billed as 128 KB in Standard-IA.
    assert (
        abs(line(sized, "Storage in standard-ia") - 2 * 64 * 60 / MONTH * s3("standard-ia", "storage")) < NEAR
    )


@pytest.mark.parametrize(
    "rule",
    [
        moves((0, "DEEP_ARCHIVE"), filter={"prefix": "raw/"}),
        moves((0, "DEEP_ARCHIVE"), prefix="raw/"),
        moves((0, "DEEP_ARCHIVE"), filter={"tag": {"key": "a", "value": "b"}}),
        moves((0, "DEEP_ARCHIVE"), filter={"and": {"prefix": "raw/", "objectSizeGreaterThan": 1}}),
    ],
)
def test_a_rule_for_a_part_of_the_bucket_is_named_and_left_out(rule):
    it = billed(rules({"id": "raw", **rule}))
    assert it.after == billed(None).after
    assert it.notes == ("lifecycle: rule 'raw' covers a part of the bucket; its effect is left out",)


@pytest.mark.parametrize(
    "rule",
    [
        {"filter": {"objectSizeGreaterThan": 10_000_000}},
        {"filter": {"and": {"objectSizeLessThan": 1_000}}},
        {"status": "Disabled"},
    ],
)
def test_a_rule_that_does_not_reach_these_objects_changes_nothing(rule):
    assert billed(rules({"expiration": {"days": 1}, **rule})).after == billed(None).after


def test_a_stated_standard_storage_says_how_much_is_moved_on():
    usage = {"standard_storage_gb": 1_024, "average_object_kb": 1_024, "monthly_standard_tier2_requests": 0}
    it = bill(
        BUCKET,
        {"bucket": "logs"},
        resource(LIFECYCLE, rules(moves((73, "GLACIER_IR"))), name="l"),
        usage=usage,
    )
    assert line(it, "Storage in standard") == 1_024 * s3("standard", "storage")
    uploaded = 1_024 * MONTH / 73
    assert abs(line(it, "Storage in glacier-ir") - 12 * uploaded * s3("glacier-ir", "storage")) < NEAR
    assert it.after.assumed


def test_stated_transitions_replace_what_the_rules_give():
    it = billed(rules(moves((30, "GLACIER_IR"))), usage={"monthly_glacier_ir_transitions": 5_000})
    assert line(it, "Lifecycle transitions") == 5 * s3("glacier-ir", "lifecycle-transition")


def test_objects_that_move_on_the_day_they_arrive_pay_the_put_and_the_move():
    it = billed(rules(moves((0, "GLACIER_IR"), expiration={"days": 365})))
    assert line(it, "PUT, COPY, POST, LIST in standard") == OBJECTS / 1_000 * s3("standard", "requests-tier1")
    assert line(it, "Lifecycle transitions") == OBJECTS / 1_000 * s3("glacier-ir", "lifecycle-transition")
    assert not any(what.startswith("Storage in standard") for what in amounts(it))


def test_intelligent_tiering_goes_through_its_tiers_and_monitors_each_object():
    it = billed(rules(moves((0, "INTELLIGENT_TIERING"), expiration={"days": 365})))
    for tier, days in (("frequent", 30), ("infrequent", 60), ("archive-instant", 275)):
        found = line(it, f"Intelligent-Tiering {tier},")
        assert abs(found - 1_024 * days / MONTH * s3("intelligent-tiering", tier)) < NEAR
    assert (
        abs(
            line(it, "Intelligent-Tiering monitoring")
            - 12 * OBJECTS / 1_000 * s3("intelligent-tiering", "monitoring")
        )
        < NEAR
    )


def on(status: str = "Enabled", **more: Any) -> dict[str, Any]:
    inputs = {"bucket": "logs", "versioningConfiguration": {"status": status}}
    return resource(VERSIONING, inputs, name="versioning", **more)


def test_old_versions_stay_until_a_rule_removes_them():
    expire = {"expiration": {"days": 30}}
    assert line(billed(rules(expire)), "Storage in standard, days 0 to 30")
    for_ever = billed(rules(expire), on())
    assert line(for_ever, "Storage in standard, days 0 on") == 12 * 1_024 * s3("standard", "storage")
    assert "versioning keeps expired objects: no rule expires noncurrent versions" in for_ever.notes
    removed = {**expire, "noncurrentVersionExpiration": {"noncurrentDays": 60}}
    assert line(billed(rules(removed), on()), "Storage in standard, days 0 to 90")
    assert line(billed(rules(removed), on("Suspended")), "Storage in standard, days 0 to 30")
    inline = {"enabled": True, "expiration": {"days": 30}, "noncurrentVersionExpiration": {"days": 60}}
    it = billed(None, lifecycleRules=[inline], versioning={"enabled": True})
    assert line(it, "Storage in standard, days 0 to 90")


def test_a_rule_that_holds_back_the_newest_old_versions_does_not_end_them():
    rule = {
        "expiration": {"days": 30},
        "noncurrentVersionExpiration": {"noncurrentDays": 1, "newerNoncurrentVersions": 3},
    }
    assert line(billed(rules(rule), on()), "Storage in standard, days 0 on")


def test_old_versions_move_on_as_their_transitions_say():
    rule = {
        "expiration": {"days": 30},
        "noncurrentVersionTransitions": [{"noncurrentDays": 10, "storageClass": "GLACIER_IR"}],
        "noncurrentVersionExpiration": {"noncurrentDays": 110},
    }
    it = billed(rules(rule), on())
    assert line(it, "Storage in standard, days 0 to 40")
    assert (
        abs(
            line(it, "Storage in glacier-ir, days 40 to 140")
            - 1_024 * 100 / MONTH * s3("glacier-ir", "storage")
        )
        < NEAR
    )


def test_an_express_bucket_bills_its_own_class_and_has_no_price_in_frankfurt():
    token = "aws:s3/directoryBucket:DirectoryBucket"
    usage = {
        "express_onezone_storage_gb": 50,
        "monthly_express_onezone_tier1_requests": 1_000_000,
        "monthly_express_onezone_tier2_requests": 2_000_000,
        "monthly_uploaded_gb": 10,
        "monthly_retrieval_gb": 20,
    }
    family = "express-onezone"
    assert dollars(bill(token, {}, usage=usage)) == (
        50 * s3(family, "storage")
        + 1_000 * s3(family, "requests-tier1")
        + 2_000 * s3(family, "requests-tier2")
        + 10 * s3(family, "data-upload")
        + 20 * s3(family, "data-retrieval")
    )
    assert (
        bill(token, {}, region=EU).reason
        == "no price in this region: AmazonS3 express-onezone storage in eu-central-1"
    )


def test_inventories_and_analyses_bill_objects():
    token = "aws:s3/inventory:Inventory"
    rate = s3("management", "inventory")
    assert dollars(bill(token, {}, usage={"monthly_objects_listed": 4_000_000})) == 4 * rate
    daily, weekly = (bill(token, {"schedule": {"frequency": f}}) for f in ("Daily", "Weekly"))
    assert abs(dollars(daily) - 7 * dollars(weekly)) < NEAR
    assert dollars(bill(token, {"enabled": False})) == 0
    it = bill(
        "aws:s3/analyticsConfiguration:AnalyticsConfiguration", {}, usage={"monitored_objects": 5_000_000}
    )
    assert dollars(it) == 5 * s3("management", "storage-class-analytics")


def test_intelligent_tiering_without_an_end_keeps_a_year_in_its_last_tier():
    it = billed(rules(moves((10, "INTELLIGENT_TIERING"))))
    for words, tier, days in (
        ("days 10 to 40", "frequent", 30),
        ("days 40 to 100", "infrequent", 60),
        ("days 100 on", "archive-instant", 365),
    ):
        found = line(it, f"Intelligent-Tiering {tier}, {words}")
        assert abs(found - 1_024 * days / MONTH * s3("intelligent-tiering", tier)) < NEAR


def test_intelligent_tiering_that_ends_early_never_reaches_its_later_tiers():
    it = amounts(billed(rules(moves((0, "INTELLIGENT_TIERING"), expiration={"days": 30}))))
    assert [what for what in it if ", days" in what] == [
        "Intelligent-Tiering frequent, days 0 to 30 (0 to 51,200)"
    ]
    longer = amounts(billed(rules(moves((0, "INTELLIGENT_TIERING"), expiration={"days": 31}))))
    assert "Intelligent-Tiering infrequent, days 30 to 31" in longer


def test_stated_intelligent_tiering_replaces_what_the_rules_give():
    usage = {"intelligent_tiering_frequent_storage_gb": 10}
    it = billed(rules(moves((0, "INTELLIGENT_TIERING"))), usage=usage)
    assert [what for what in amounts(it) if "ntelligent" in what or "frequent" in what] == [
        "Lifecycle transitions to intelligent-tiering",
        "intelligent-tiering: frequent (0 to 51,200)",
    ]


def test_the_low_end_has_the_largest_objects():
    usage = {"average_object_kb": (512, 1_024, 2_048), "monthly_uploaded_gb": (1_024, 1_024, 1_024)}
    puts = next(one for one in billed(None, usage=usage).after_lines if one.what.startswith("PUT"))
    assert (puts.quantity.low, puts.quantity.expected, puts.quantity.high) == (
        OBJECTS / 2_000,
        OBJECTS / 1_000,
        OBJECTS * 2 / 1_000,
    )


def test_objects_of_no_size_count_as_one_kb():
    it = billed(None, usage={"average_object_kb": 0})
    assert line(it, "PUT") == OBJECTS * 1_024 / 1_000 * s3("standard", "requests-tier1")


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        (moves((30, "REDUCED_REDUNDANCY")), "lifecycle: unknown storage class REDUCED_REDUNDANCY; left out"),
        (
            {"transitions": [{"date": "2027-01-01T00:00:00Z", "storageClass": "GLACIER"}]},
            "lifecycle: the move to GLACIER has a date, not days; left out",
        ),
    ],
)
def test_a_move_that_cannot_be_followed_is_named_and_left_out(rule, note):
    it = billed(rules(rule))
    assert it.after == billed(None).after
    assert it.notes == (note,)


def test_an_expiration_without_days_ends_nothing():
    assert billed(rules({"expiration": {"expiredObjectDeleteMarker": True}})).after == billed(None).after
    one_day = billed(rules({"expiration": {"days": 1}}))
    assert (
        abs(line(one_day, "Storage in standard, days 0 to 1") - 1_024 / MONTH * s3("standard", "storage"))
        < NEAR
    )


def test_the_earliest_expiration_counts_and_what_moves_on_that_day_never_moves():
    both = rules({"expiration": {"days": 90}}, moves((60, "GLACIER_IR"), expiration={"days": 60}))
    assert amounts(billed(both)) == amounts(billed(rules({"expiration": {"days": 60}})))


def test_old_versions_that_end_at_once_add_nothing():
    rule = {"expiration": {"days": 30}, "noncurrentVersionExpiration": {"noncurrentDays": 1}}
    assert line(billed(rules(rule), on()), "Storage in standard, days 0 to 31")
    sooner = rules(rule, {"noncurrentVersionExpiration": {"noncurrentDays": 5}})
    assert line(billed(sooner, on()), "Storage in standard, days 0 to 31")


def test_a_minimum_size_pads_small_objects_and_leaves_large_ones_alone():
    rule = {**moves((0, "ONEZONE_IA"), expiration={"days": 365}), "filter": {"objectSizeGreaterThan": 1}}
    year, rate = D(365) / MONTH, s3("onezone-ia", "storage")
    for size, billed_as in ((32, 4), (127, D(128) / 127), (128, 1), (129, 1), (4_096, 1)):
        it = billed(rules(rule), usage={"average_object_kb": size, "monthly_uploaded_gb": 10})
        assert abs(line(it, "Storage in onezone-ia") - 10 * billed_as * year * rate) < NEAR
    exactly = billed(rules(moves((30, "STANDARD_IA"))), usage={"average_object_kb": 128})
    assert "Lifecycle transitions to standard-ia" in amounts(exactly)


def test_what_is_stated_is_not_marked_as_assumed():
    usage = {**BUSY, "monthly_standard_tier1_requests": 0}
    assert not bill(BUCKET, {"bucket": "logs"}, usage=usage).after.assumed
    moved = resource(LIFECYCLE, rules(moves((0, "DEEP_ARCHIVE"), expiration={"days": 200})), name="rules")
    assert not bill(BUCKET, {"bucket": "logs"}, moved, usage=usage).after.assumed
    silent = {key: value for key, value in usage.items() if key != "average_object_kb"}
    assert bill(BUCKET, {"bucket": "logs"}, moved, usage=silent).after.assumed
