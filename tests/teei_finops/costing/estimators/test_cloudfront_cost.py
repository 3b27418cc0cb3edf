"""CloudFront."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
FUNCTION = "aws:cloudfront/function:Function"
QUIET = {
    f"monthly_{place}_{what}": 0
    for place in ("us", "europe")
    for what in ("egress_gb", "https_requests", "http_requests")
}


def cf(family: str, key: str, tier: int = 0) -> D:
    return price("AmazonCloudFront", family, key, "global", tier=tier)


def test_a_distribution_bills_data_and_requests_by_geography():
    usage = {
        "monthly_us_egress_gb": 12_240,
        "monthly_europe_egress_gb": 100,
        "monthly_us_https_requests": 5_000_000,
        "monthly_europe_https_requests": 1_000_000,
        "monthly_us_http_requests": 2_000_000,
        "monthly_europe_http_requests": 30_000,
        "monthly_us_origin_upload_gb": 7,
        "monthly_europe_origin_upload_gb": 8,
        "monthly_invalidation_paths": 1_500,
    }
    assert amounts_by_name(estimate_of(DISTRIBUTION, {"enabled": True}, usage=usage)) == {
        "Data out, united-states (0 to 10,240)": 10_240 * cf("data-transfer-out", "united-states"),
        "Data out, united-states (10,240 to 51,200)": 2_000
        * cf("data-transfer-out", "united-states", 10_240),
        "Data out, europe (0 to 10,240)": 100 * cf("data-transfer-out", "europe"),
        "HTTPS requests, united-states": 500 * cf("requests-https", "united-states"),
        "HTTPS requests, europe": 100 * cf("requests-https", "europe"),
        "HTTP requests, united-states": 200 * cf("requests-http", "united-states"),
        "HTTP requests, europe": 3 * cf("requests-http", "europe"),
        "Data to the origin, united-states": 7 * cf("data-transfer-to-origin", "united-states"),
        "Data to the origin, europe": 8 * cf("data-transfer-to-origin", "europe"),
        "Paths invalidated": 500 * cf("invalidation", "path", 1_000),
    }


def test_a_dedicated_address_for_tls_is_a_baseline():
    inputs = {"enabled": False, "viewerCertificate": {"sslSupportMethod": "vip"}}
    it = estimate_of(DISTRIBUTION, inputs)
    assert amounts_by_name(it) == {"Dedicated-IP certificate": cf("ssl", "dedicated-ip-certificate")}


def test_free_allowances_cover_both_geographies_together():
    usage = {**QUIET, "monthly_us_egress_gb": 1_000, "monthly_europe_egress_gb": 100}
    it = estimate_of(DISTRIBUTION, {"enabled": True}, usage=usage, free_tier=True)
    assert dollars(it) == 76 * cf("data-transfer-out", "europe")


def test_origin_shield_and_functions_have_no_price():
    shielded = {"enabled": True, "origins": [{"originId": "a", "originShield": {"enabled": True}}]}
    estimate = estimate_of(DISTRIBUTION, shielded)
    assert dollars(estimate) == dollars(estimate_of(DISTRIBUTION, {"enabled": True}))
    (missing,) = estimate.unpriced_lines
    assert missing.startswith(
        "Origin Shield requests: no price in this region: AmazonCloudFront origin-shield requests"
    )
    assert f"not priced: {missing}" in estimate.notes
    assert estimate_of(FUNCTION, {}).reason.startswith("no price in this region: AmazonCloudFront functions")
    assert dollars(estimate_of(FUNCTION, {}, usage={"monthly_invocations": 0})) == 0
