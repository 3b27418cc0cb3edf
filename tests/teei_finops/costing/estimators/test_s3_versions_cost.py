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


def test_old_versions_stay_until_a_rule_removes_them():
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


def test_a_rule_that_holds_back_the_newest_old_versions_does_not_end_them():
    rule = {
        "expiration": {"days": 30},
        "noncurrentVersionExpiration": {"noncurrentDays": 1, "newerNoncurrentVersions": 3},
    }
    assert line(estimated(rules(rule), on()), "Storage in standard, days 0 on")


def test_old_versions_move_on_as_their_transitions_say():
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


def test_old_versions_that_end_at_once_add_nothing():
    rule = {"expiration": {"days": 30}, "noncurrentVersionExpiration": {"noncurrentDays": 1}}
    assert line(estimated(rules(rule), on()), "Storage in standard, days 0 to 31")
    sooner = rules(rule, {"noncurrentVersionExpiration": {"noncurrentDays": 5}})
    assert line(estimated(sooner, on()), "Storage in standard, days 0 to 31")
