"""Noncurrent versions of S3 objects under lifecycle rules."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.s3_helpers import (
    MONTH,
    NEAR,
    estimated,
    line,
    on,
    rules,
    s3,
)


def test_noncurrent_versions_are_stored_until_a_rule_expires_them():
    expire = {"expiration": {"days": 30}}
    assert line(estimated(rules(expire)), "Storage in standard, days 0 to 30")
    for_ever = estimated(rules(expire), on())
    assert line(for_ever, "Storage in standard, days 0 on") == 12 * 1_024 * s3("standard", "storage")
    assert "versioning keeps expired objects: no rule expires noncurrent versions" in for_ever.notes
    removed = {**expire, "noncurrentVersionExpiration": {"noncurrentDays": 60}}
    assert line(estimated(rules(removed), on()), "Storage in standard, days 0 to 90")
    assert line(estimated(rules(removed), on("Suspended")), "Storage in standard, days 0 to 30")
    inline = {"enabled": True, "expiration": {"days": 30}, "noncurrentVersionExpiration": {"days": 60}}
    it = estimated(None, lifecycleRules=[inline], versioning={"enabled": True})
    assert line(it, "Storage in standard, days 0 to 90")


def test_a_rule_that_retains_the_newest_noncurrent_versions_does_not_expire_them():
    rule = {
        "expiration": {"days": 30},
        "noncurrentVersionExpiration": {"noncurrentDays": 1, "newerNoncurrentVersions": 3},
    }
    assert line(estimated(rules(rule), on()), "Storage in standard, days 0 on")


def test_noncurrent_versions_follow_their_transitions():
    rule = {
        "expiration": {"days": 30},
        "noncurrentVersionTransitions": [{"noncurrentDays": 10, "storageClass": "GLACIER_IR"}],
        "noncurrentVersionExpiration": {"noncurrentDays": 110},
    }
    it = estimated(rules(rule), on())
    assert line(it, "Storage in standard, days 0 to 40")
    assert (
        abs(
            line(it, "Storage in glacier-ir, days 40 to 140")
            - 1_024 * 100 / MONTH * s3("glacier-ir", "storage")
        )
        < NEAR
    )


def test_noncurrent_versions_that_expire_at_once_cost_nothing():
    rule = {"expiration": {"days": 30}, "noncurrentVersionExpiration": {"noncurrentDays": 1}}
    assert line(estimated(rules(rule), on()), "Storage in standard, days 0 to 31")
    sooner = rules(rule, {"noncurrentVersionExpiration": {"noncurrentDays": 5}})
    assert line(estimated(sooner, on()), "Storage in standard, days 0 to 31")
