"""The cost of S3 lifecycle rules: transitions, minimum days and sizes, expiry."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    amounts_by_name,
    estimate_of,
    resource,
)
from tests.teei_finops.costing.estimators.s3_helpers import (
    BUCKET,
    BUSY,
    LIFECYCLE,
    MONTH,
    NEAR,
    OBJECTS,
    estimated,
    line,
    rules,
    s3,
    transitions,
)


def test_transitions_move_objects_and_are_billed():
    rule = transitions(
        (30, "STANDARD_IA"), (90, "GLACIER_IR"), (365, "DEEP_ARCHIVE"), expiration={"days": 730}
    )
    it = estimated(rules(rule))
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
    apart = rules(transitions((30, "STANDARD_IA"), expiration={"days": 90}))
    assert amounts_by_name(estimated(None, lifecycleRules=[rule])) == amounts_by_name(estimated(apart))
    for part in ({"enabled": False}, {"prefix": "raw/"}, {"tags": {"a": "b"}}):
        assert estimated(None, lifecycleRules=[{**rule, **part}]).after == estimated(None).after


def test_rules_of_a_bucket_with_an_unknown_name_are_resolved_by_dependency():
    unnamed = {**rules({"expiration": {"days": 30}}), "bucket": UNKNOWN}
    joined = resource(LIFECYCLE, unnamed, name="rules", depends_on={"bucket": (BUCKET, "it")})
    it = estimate_of(BUCKET, {}, joined, usage=BUSY)
    assert (
        abs(line(it, "Storage in standard, days 0 to 30") - 1_024 * 30 / MONTH * s3("standard", "storage"))
        < NEAR
    )
    lost = estimate_of(BUCKET, {}, resource(LIFECYCLE, unnamed, name="rules"), usage=BUSY)
    assert lost.reason.startswith("value unknown until deploy: bucket of a BucketLifecycleConfiguration")


def test_a_note_has_the_savings_of_the_lifecycle_rules():
    it = estimated(rules(transitions((30, "GLACIER_IR"))))
    without = 12 * 1_024 * s3("standard", "storage")
    moved = OBJECTS / 1_000 * s3("glacier-ir", "lifecycle-transition")
    stored = line(it, "Storage in standard") + line(it, "Storage in glacier-ir")
    assert it.notes == (
        f"lifecycle: saves {without - stored - moved:.2f} USD a month compared with 12 months in Standard "
        f"({without:.2f} USD), including its transitions ({moved:.2f} USD)",
    )
    tiny = estimated(
        rules(transitions((0, "DEEP_ARCHIVE")), transitionDefaultMinimumObjectSize="varies_by_storage_class"),
        usage={"average_object_kb": 1},
    )
    assert "lifecycle: costs" in tiny.notes[0]


def test_leaving_a_class_early_pays_its_minimum_days():
    it = estimated(rules(transitions((30, "GLACIER_IR"), expiration={"days": 40})))
    assert (
        abs(
            line(it, "Storage in glacier-ir, days 30 to 40")
            - 1_024 * 90 / MONTH * s3("glacier-ir", "storage")
        )
        < NEAR
    )


def test_small_objects_are_moved_only_with_a_size_filter():
    small = {"average_object_kb": 64, "monthly_uploaded_gb": 64}
    rule = transitions((30, "STANDARD_IA"), (90, "GLACIER"))
    stays = estimated(rules(rule), usage=small)
    assert line(stays, "Storage in standard") == 12 * 64 * s3("standard", "storage")
    assert stays.notes[0] == "lifecycle: objects below 128 KB are not moved to STANDARD_IA"
    varies = estimated(rules(rule, transitionDefaultMinimumObjectSize="varies_by_storage_class"), usage=small)
    assert "Lifecycle transitions to standard-ia" not in amounts_by_name(varies)
    assert line(varies, "Lifecycle transitions to glacier-flexible") == OBJECTS / 1_000 * s3(
        "glacier-flexible", "lifecycle-transition"
    )
    sized = estimated(rules({**rule, "filter": {"objectSizeGreaterThan": 32 * 1024}}), usage=small)
    # 64 KB objects are billed as 128 KB in Standard-IA.
    assert (
        abs(line(sized, "Storage in standard-ia") - 2 * 64 * 60 / MONTH * s3("standard-ia", "storage")) < NEAR
    )


@pytest.mark.parametrize(
    "rule",
    [
        transitions((0, "DEEP_ARCHIVE"), filter={"prefix": "raw/"}),
        transitions((0, "DEEP_ARCHIVE"), prefix="raw/"),
        transitions((0, "DEEP_ARCHIVE"), filter={"tag": {"key": "a", "value": "b"}}),
        transitions((0, "DEEP_ARCHIVE"), filter={"and": {"prefix": "raw/", "objectSizeGreaterThan": 1}}),
    ],
)
def test_a_rule_for_a_part_of_the_bucket_is_named_and_left_out(rule):
    it = estimated(rules({"id": "raw", **rule}))
    assert it.after == estimated(None).after
    assert it.notes == ("lifecycle: rule 'raw' applies to a part of the bucket; left out",)


@pytest.mark.parametrize(
    "rule",
    [
        {"filter": {"objectSizeGreaterThan": 10_000_000}},
        {"filter": {"and": {"objectSizeLessThan": 1_000}}},
        {"status": "Disabled"},
    ],
)
def test_a_rule_that_does_not_reach_these_objects_changes_nothing(rule):
    assert estimated(rules({"expiration": {"days": 1}, **rule})).after == estimated(None).after


def test_standard_storage_from_usage_determines_the_data_moved():
    usage = {"standard_storage_gb": 1_024, "average_object_kb": 1_024, "monthly_standard_tier2_requests": 0}
    it = estimate_of(
        BUCKET,
        {"bucket": "logs"},
        resource(LIFECYCLE, rules(transitions((73, "GLACIER_IR"))), name="l"),
        usage=usage,
    )
    assert line(it, "Storage in standard") == 1_024 * s3("standard", "storage")
    uploaded = 1_024 * MONTH / 73
    assert abs(line(it, "Storage in glacier-ir") - 12 * uploaded * s3("glacier-ir", "storage")) < NEAR
    assert it.after.assumed


def test_transitions_from_usage_replace_those_of_the_rules():
    it = estimated(rules(transitions((30, "GLACIER_IR"))), usage={"monthly_glacier_ir_transitions": 5_000})
    assert line(it, "Lifecycle transitions") == 5 * s3("glacier-ir", "lifecycle-transition")


def test_objects_that_move_on_the_day_they_arrive_pay_the_put_and_the_move():
    it = estimated(rules(transitions((0, "GLACIER_IR"), expiration={"days": 365})))
    assert line(it, "PUT, COPY, POST, LIST in standard") == OBJECTS / 1_000 * s3("standard", "requests-tier1")
    assert line(it, "Lifecycle transitions") == OBJECTS / 1_000 * s3("glacier-ir", "lifecycle-transition")
    assert not any(what.startswith("Storage in standard") for what in amounts_by_name(it))


def test_the_low_end_has_the_largest_objects():
    usage = {"average_object_kb": (512, 1_024, 2_048), "monthly_uploaded_gb": (1_024, 1_024, 1_024)}
    puts = next(one for one in estimated(None, usage=usage).after_lines if one.what.startswith("PUT"))
    assert (puts.quantity.low, puts.quantity.expected, puts.quantity.high) == (
        OBJECTS / 2_000,
        OBJECTS / 1_000,
        OBJECTS * 2 / 1_000,
    )


def test_objects_of_no_size_count_as_one_kb():
    it = estimated(None, usage={"average_object_kb": 0})
    assert line(it, "PUT") == OBJECTS * 1_024 / 1_000 * s3("standard", "requests-tier1")


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        (
            transitions((30, "REDUCED_REDUNDANCY")),
            "lifecycle: unknown storage class REDUCED_REDUNDANCY; left out",
        ),
        (
            {"transitions": [{"date": "2027-01-01T00:00:00Z", "storageClass": "GLACIER"}]},
            "lifecycle: the transition to GLACIER has a date, not days; left out",
        ),
    ],
)
def test_a_transition_that_cannot_be_priced_has_a_note(rule, note):
    it = estimated(rules(rule))
    assert it.after == estimated(None).after
    assert it.notes == (note,)


def test_an_expiration_without_days_expires_nothing():
    assert (
        estimated(rules({"expiration": {"expiredObjectDeleteMarker": True}})).after == estimated(None).after
    )
    one_day = estimated(rules({"expiration": {"days": 1}}))
    assert (
        abs(line(one_day, "Storage in standard, days 0 to 1") - 1_024 / MONTH * s3("standard", "storage"))
        < NEAR
    )


def test_the_earliest_expiration_counts_and_what_moves_on_that_day_never_moves():
    both = rules({"expiration": {"days": 90}}, transitions((60, "GLACIER_IR"), expiration={"days": 60}))
    assert amounts_by_name(estimated(both)) == amounts_by_name(estimated(rules({"expiration": {"days": 60}})))


def test_a_minimum_size_pads_small_objects_and_leaves_large_ones_alone():
    rule = {
        **transitions((0, "ONEZONE_IA"), expiration={"days": 365}),
        "filter": {"objectSizeGreaterThan": 1},
    }
    year, rate = D(365) / MONTH, s3("onezone-ia", "storage")
    for size, billed_as in ((32, 4), (127, D(128) / 127), (128, 1), (129, 1), (4_096, 1)):
        it = estimated(rules(rule), usage={"average_object_kb": size, "monthly_uploaded_gb": 10})
        assert abs(line(it, "Storage in onezone-ia") - 10 * billed_as * year * rate) < NEAR
    exactly = estimated(rules(transitions((30, "STANDARD_IA"))), usage={"average_object_kb": 128})
    assert "Lifecycle transitions to standard-ia" in amounts_by_name(exactly)
