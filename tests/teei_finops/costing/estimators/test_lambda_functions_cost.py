"""Lambda functions and provisioned concurrency."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
    resource,
)

FUNCTION = "aws:lambda/function:Function"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
BUSY = {"monthly_requests": 3_000_000, "request_duration_ms": 120}


def lam(family: str, key: str, region: str = US, tier: int = 0) -> D:
    return price("AWSLambda", family, key, region, tier=tier)


@pytest.mark.parametrize("region", [US, EU])
def test_a_function_bills_requests_and_gb_seconds_of_its_memory(region):
    it = estimate_of(FUNCTION, {"memorySize": 1536, "timeout": 30}, region=region, usage=BUSY)
    assert it.state == "usage"
    assert amounts_by_name(it) == {
        "Requests": 3 * lam("x86", "requests", region),
        "Duration, x86 (0 to 6,000,000,000)": 540_000 * lam("x86", "gb-second", region),
    }


def test_arm64_has_its_own_rate_and_the_default_memory_is_128_mb():
    it = estimate_of(FUNCTION, {"architectures": ["arm64"]}, usage=BUSY)
    assert amounts_by_name(it)["Duration, arm64 (0 to 7,500,000,000)"] == 45_000 * lam("arm64", "gb-second")


def test_gb_seconds_go_through_the_tiers():
    usage = {"monthly_requests": 8_000_000_000, "request_duration_ms": 1_000}
    it = estimate_of(FUNCTION, {"memorySize": 1024}, usage=usage)
    assert dollars(it) == (
        8_000 * lam("x86", "requests")
        + 6_000_000_000 * lam("x86", "gb-second")
        + 2_000_000_000 * lam("x86", "gb-second", tier=6_000_000_000)
    )


def test_ephemeral_storage_is_billed_above_512_mb():
    it = estimate_of(FUNCTION, {"ephemeralStorage": {"size": 10_240}}, usage=BUSY)
    assert amounts_by_name(it)["Ephemeral storage"] == 360_000 * D("9.5") * lam("x86", "ephemeral-storage")
    assert "Ephemeral storage" not in amounts_by_name(
        estimate_of(FUNCTION, {"ephemeralStorage": {"size": 512}}, usage=BUSY)
    )


def test_streamed_responses_are_billed_by_the_gb():
    it = estimate_of(FUNCTION, {}, usage={**BUSY, "monthly_response_streaming_gb": 200})
    assert amounts_by_name(it)["Response streaming"] == 200 * lam("x86", "response-streaming")


def test_an_assumed_duration_never_passes_the_timeout():
    ends = {}
    for seconds in (1, 900):
        it = estimate_of(FUNCTION, {"timeout": seconds, "memorySize": 1024})
        assert it.after.assumed
        ends[seconds] = it.after.high - 10 * lam("x86", "requests")
    assert ends[1] == 10_000_000 * lam("x86", "gb-second")
    assert (
        ends[900]
        == 30_000_000 * lam("x86", "gb-second")
        == estimate_of(FUNCTION, {"memorySize": 1024}).after.high - 10 * lam("x86", "requests")
    )
    from_usage = estimate_of(
        FUNCTION, {"timeout": 1}, usage={"monthly_requests": 0, "request_duration_ms": 5_000}
    )
    assert dollars(from_usage) == 0


def test_free_allowances_cover_both_architectures_once():
    usage = {"monthly_requests": 1_500_000, "request_duration_ms": 1_000}
    it = estimate_of(FUNCTION, {"memorySize": 1024}, usage=usage, free_tier=True)
    assert dollars(it) == D("0.5") * lam("x86", "requests") + 1_100_000 * lam("x86", "gb-second")


def test_billed_snapshots_and_managed_instances_have_no_price():
    for inputs in (
        {"runtime": "python3.13", "snapStart": {"applyOn": "PublishedVersions"}},
        {"capacityProviderConfig": {"lambdaManagedInstancesCapacityProviderConfig": {}}},
        {"durableConfig": {"executionTimeout": 60}},
    ):
        assert estimate_of(FUNCTION, inputs).reason.startswith("no price in this region")
    java = {"runtime": "java21", "snapStart": {"applyOn": "PublishedVersions"}}
    assert estimate_of(FUNCTION, java).state == "usage"


def test_an_unknown_memory_size_is_unpriced():
    assert estimate_of(FUNCTION, {"memorySize": UNKNOWN}).reason == "value unknown until deploy: memorySize"


def test_provisioned_concurrency_takes_memory_and_architecture_of_its_function():
    function = resource(FUNCTION, {"memorySize": 2048, "architectures": ["arm64"]}, name="api")
    it = estimate_of(
        PROVISIONED,
        {"functionName": UNKNOWN, "provisionedConcurrentExecutions": 10, "qualifier": "live"},
        function,
        depends_on={"functionName": (FUNCTION, "api")},
        usage={"monthly_hours": 100, "monthly_requests": 1_000_000, "request_duration_ms": 200},
    )
    assert it.state == "priced"
    assert amounts_by_name(it) == {
        "Provisioned concurrency": 10 * 2 * 100 * 3600 * lam("arm64", "provisioned-concurrency"),
        "Requests": lam("arm64", "requests"),
        "Duration, arm64, provisioned": 400_000 * lam("arm64", "provisioned-duration"),
    }


def test_provisioned_concurrency_alone_runs_the_whole_month_and_leaves_requests_to_the_function():
    function = resource(FUNCTION, {"name": "shop-api", "memorySize": 1024}, name="api")
    inputs = {"functionName": "shop-api", "provisionedConcurrentExecutions": 5}
    it = estimate_of(PROVISIONED, inputs, function)
    assert amounts_by_name(it) == {
        "Provisioned concurrency": 5 * 730 * 3600 * lam("x86", "provisioned-concurrency")
    }
    assert not it.after.assumed
    assert any("monthly_requests" in note for note in it.notes)


def test_provisioned_concurrency_of_an_unresolved_function_is_unpriced():
    it = estimate_of(PROVISIONED, {"functionName": UNKNOWN, "provisionedConcurrentExecutions": 1})
    assert it.reason == "value unknown until deploy: functionName"


def test_provisioned_concurrency_of_a_function_outside_the_plan_notes_its_assumptions():
    it = estimate_of(PROVISIONED, {"functionName": "theirs", "provisionedConcurrentExecutions": 8})
    assert dollars(it) == 8 * D("0.125") * 730 * 3600 * lam("x86", "provisioned-concurrency")
    assert "its function is not in the plan: 128 MB on x86_64 assumed" in it.notes
    function = resource(FUNCTION, {"name": "ours"}, name="ours")
    joined = estimate_of(
        PROVISIONED, {"functionName": "ours", "provisionedConcurrentExecutions": 8}, function
    )
    assert joined.after == it.after
    assert not any("not in the plan" in note for note in joined.notes)


def test_the_timeout_of_its_function_bounds_provisioned_requests_too():
    function = resource(FUNCTION, {"name": "ours", "timeout": 1, "memorySize": 1024}, name="ours")
    inputs = {"functionName": "ours", "provisionedConcurrentExecutions": 0}
    usage = {"monthly_requests": 1_000_000}
    joined = estimate_of(PROVISIONED, inputs, function, usage=usage)
    assert joined.after.high == lam("x86", "requests") + 1_000_000 * lam("x86", "provisioned-duration")
    alone = estimate_of(PROVISIONED, inputs, usage=usage)
    assert alone.after.high == lam("x86", "requests") + 3_000_000 * D("0.125") * lam(
        "x86", "provisioned-duration"
    )
