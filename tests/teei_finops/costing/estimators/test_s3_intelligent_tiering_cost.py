"""S3 Intelligent-Tiering under lifecycle rules."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    amounts_by_name,
)
from tests.teei_finops.costing.estimators.s3_helpers import (
    MONTH,
    NEAR,
    OBJECTS,
    estimated,
    line,
    rules,
    s3,
    transitions,
)


def test_intelligent_tiering_goes_through_its_tiers_and_monitors_each_object():
    it = estimated(rules(transitions((0, "INTELLIGENT_TIERING"), expiration={"days": 365})))
    for tier, days in (("frequent", 30), ("infrequent", 60), ("archive-instant", 275)):
        amount = line(it, f"Intelligent-Tiering {tier},")
        assert abs(amount - 1_024 * days / MONTH * s3("intelligent-tiering", tier)) < NEAR
    assert (
        abs(
            line(it, "Intelligent-Tiering monitoring")
            - 12 * OBJECTS / 1_000 * s3("intelligent-tiering", "monitoring")
        )
        < NEAR
    )


def test_intelligent_tiering_without_an_end_keeps_a_year_in_its_last_tier():
    it = estimated(rules(transitions((10, "INTELLIGENT_TIERING"))))
    for words, tier, days in (
        ("days 10 to 40", "frequent", 30),
        ("days 40 to 100", "infrequent", 60),
        ("days 100 on", "archive-instant", 365),
    ):
        amount = line(it, f"Intelligent-Tiering {tier}, {words}")
        assert abs(amount - 1_024 * days / MONTH * s3("intelligent-tiering", tier)) < NEAR


def test_intelligent_tiering_that_ends_early_never_reaches_its_later_tiers():
    it = amounts_by_name(estimated(rules(transitions((0, "INTELLIGENT_TIERING"), expiration={"days": 30}))))
    assert [what for what in it if ", days" in what] == [
        "Intelligent-Tiering frequent, days 0 to 30 (0 to 51,200)"
    ]
    longer = amounts_by_name(
        estimated(rules(transitions((0, "INTELLIGENT_TIERING"), expiration={"days": 31})))
    )
    assert "Intelligent-Tiering infrequent, days 30 to 31" in longer


def test_intelligent_tiering_from_usage_replaces_the_rules():
    usage = {"intelligent_tiering_frequent_storage_gb": 10}
    it = estimated(rules(transitions((0, "INTELLIGENT_TIERING"))), usage=usage)
    assert [what for what in amounts_by_name(it) if "ntelligent" in what or "frequent" in what] == [
        "Lifecycle transitions to intelligent-tiering",
        "intelligent-tiering: frequent (0 to 51,200)",
    ]
