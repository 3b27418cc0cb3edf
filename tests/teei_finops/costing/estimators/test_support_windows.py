"""Standard and extended support by version and day."""

from __future__ import annotations

from datetime import date

import pytest

from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.support_windows import Support, support_of
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import AFTER, PlanSnapshot
from tests.teei_finops.costing.estimators.estimate_helpers import plan, resource


def on(day: date) -> EstimationContext:
    the_plan = plan(resource("aws:rds/instance:Instance", {}))
    item = the_plan.resources[0]
    assert item.new is not None
    return EstimationContext(Pricing(list_prices(), day), PlanSnapshot(the_plan, AFTER), item, item.new)


@pytest.mark.parametrize(
    ("component", "version", "day", "expected"),
    [
        ("postgresql", "13.20", date(2026, 2, 28), Support(False)),
        ("postgresql", "13.20", date(2026, 3, 1), Support(True, 1)),
        ("postgresql", "13", date(2027, 2, 28), Support(True, 1)),
        ("postgresql", "13", date(2027, 3, 1), Support(True, 2)),
        ("postgresql", "13", date(2028, 3, 1), Support(True, 3)),
        ("postgresql", "9.6.22", date(2026, 1, 1), Support(True, 3)),
        ("postgresql", "99.1", date(2026, 1, 1), Support(False)),
        ("mysql", "8.0.42", date(2026, 7, 31), Support(False)),
        ("mysql", "8.0.42", date(2026, 8, 1), Support(True, 1)),
        ("mysql", "8.4.5", date(2026, 8, 1), Support(False)),
        ("aurora-mysql", "8.0.mysql_aurora.3.08.0", date(2028, 5, 1), Support(True, 1)),
        ("aurora-mysql", "5.7.mysql_aurora.2.12.1", date(2026, 11, 24), Support(True, 3)),
        ("mariadb", "10.11.6", date(2026, 11, 24), Support(False)),
        ("oracle-se2", "19", date(2026, 11, 24), Support(False)),
    ],
)
def test_a_version_is_extended_from_the_day_after_its_standard_support(component, version, day, expected):
    assert support_of(on(day), "AmazonRDS", component, version) == expected


def test_what_a_reviewer_should_know_is_noted():
    subject = on(date(2026, 11, 24))
    support_of(subject, "AmazonRDS", "postgresql", "13")
    support_of(subject, "AmazonRDS", "postgresql", "9.6")
    support_of(subject, "AmazonEKS", "kubernetes", "1.28")
    assert subject.notes == [
        "postgresql 13 is in extended support since 2026-02-28",
        "postgresql 9.6 is older than the oldest version with known support dates",
        "extended support of kubernetes 1.28 ended on 2025-11-26: AWS upgrades it",
    ]


def test_a_version_without_a_date_has_none_announced():
    assert support_of(on(date(2030, 1, 1)), "AmazonElastiCache", "redis", "7.1") == Support(False)
    assert support_of(on(date(2026, 11, 24)), "AmazonES", "opensearch", "OpenSearch_2.9") == Support(True, 2)
    assert support_of(on(date(2026, 11, 24)), "AmazonES", "opensearch", "OpenSearch_2.19") == Support(False)
