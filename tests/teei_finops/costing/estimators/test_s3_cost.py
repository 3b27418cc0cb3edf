"""S3 buckets: storage, requests, inventories and analytics."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    dollars,
    estimate_of,
    price,
    resource,
)
from tests.teei_finops.costing.estimators.s3_helpers import (
    BUCKET,
    BUSY,
    LIFECYCLE,
    NEAR,
    OBJECTS,
    estimated,
    line,
    rules,
    s3,
    transitions,
)


def test_storage_and_requests_from_usage_are_billed_by_class():
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
    assert dollars(estimate_of(BUCKET, {}, region=EU, usage=usage)) == (
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
    it = estimated(None)
    assert line(it, "Storage in standard") == 12 * 1_024 * s3("standard", "storage")
    assert line(it, "PUT") == OBJECTS / 1_000 * s3("standard", "requests-tier1")
    assert it.state == "usage"
    assert estimate_of(BUCKET, {}).after.assumed


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
    assert dollars(estimate_of(token, {}, usage=usage)) == (
        50 * s3(family, "storage")
        + 1_000 * s3(family, "requests-tier1")
        + 2_000 * s3(family, "requests-tier2")
        + 10 * s3(family, "data-upload")
        + 20 * s3(family, "data-retrieval")
    )
    assert (
        estimate_of(token, {}, region=EU).reason
        == "no price in this region: AmazonS3 express-onezone storage in eu-central-1"
    )


def test_inventories_and_analyses_bill_objects():
    token = "aws:s3/inventory:Inventory"
    rate = s3("management", "inventory")
    assert dollars(estimate_of(token, {}, usage={"monthly_objects_listed": 4_000_000})) == 4 * rate
    daily, weekly = (estimate_of(token, {"schedule": {"frequency": f}}) for f in ("Daily", "Weekly"))
    assert abs(dollars(daily) - 7 * dollars(weekly)) < NEAR
    assert dollars(estimate_of(token, {"enabled": False})) == 0
    it = estimate_of(
        "aws:s3/analyticsConfiguration:AnalyticsConfiguration", {}, usage={"monitored_objects": 5_000_000}
    )
    assert dollars(it) == 5 * s3("management", "storage-class-analytics")


def test_amounts_from_usage_are_not_marked_as_assumed():
    usage = {**BUSY, "monthly_standard_tier1_requests": 0}
    assert not estimate_of(BUCKET, {"bucket": "logs"}, usage=usage).after.assumed
    moved = resource(
        LIFECYCLE, rules(transitions((0, "DEEP_ARCHIVE"), expiration={"days": 200})), name="rules"
    )
    assert not estimate_of(BUCKET, {"bucket": "logs"}, moved, usage=usage).after.assumed
    silent = {key: value for key, value in usage.items() if key != "average_object_kb"}
    assert estimate_of(BUCKET, {"bucket": "logs"}, moved, usage=silent).after.assumed
