"""Storage health and the savings of the monthly review, by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from functions.advisor.catalogue import rules
from functions.reports.figures.savings import INITIATIVES
from functions.reports.figures.storage import Retention
from functions.reports.records import Action
from tests.functions.ai_budget.support import fresh_database
from tests.functions.reports.support import EC2, FINAL, OCTOBER, figures, review_of, store_costs, usage

pytest_plugins = (
    "tests.functions.ai_budget.support",
    "tests.functions.cost_data.support",
    "tests.functions.reports.support",
)
pytestmark = pytest.mark.postgres
DONE = Action(
    "overprovisioned-requests", "a/Deployment/b", "web", None, Decimal(90), "done", realized=Decimal(80)
)


def test_storage_has_sizes_and_what_verification_found(account):
    retention = [
        Retention("prod", FINAL, compliant=True, clickhouse_bytes=5),
        Retention(
            "prod-eu", FINAL, compliant=False, differences=[("s3", "exports", "expires after 120 days")]
        ),
    ]
    review = review_of(account, FINAL, retention=retention)
    values = figures(review, "storage_health")
    assert (values["bytes"], values["cold_percent"], values["clickhouse_bytes"]) == (
        "4000000000000",
        "25",
        "5",
    )
    assert values["retention_differences"] == 1
    assert "differs in 1 place" in review.item("storage_health").headline


@pytest.mark.parametrize(
    ("retention", "headline", "state"),
    [
        ({}, "retention is as declared.", "as declared"),
        (
            {"not_verified": ["loki"]},
            "retention is as declared where it was verified.",
            "as declared",
        ),
        (
            {"compliant": False, "not_verified": ["aws"]},
            "retention could not be verified everywhere.",
            "a store could not be read",
        ),
        (
            {"at": datetime(2026, 10, 1, tzinfo=UTC)},
            "retention was last verified on 1 October 2026.",
            "older than 35 days: verify again",
        ),
    ],
)
def test_retention_is_as_declared_only_where_it_was_verified_lately(account, retention, headline, state):
    result = Retention(**{"stack": "prod", "at": FINAL, "compliant": True, **retention})
    item = review_of(account, FINAL, retention=[result]).item("storage_health")
    assert item.headline.endswith(headline)
    assert item.tables[0].rows[0][2] == state


def test_savings_are_realized_ones_of_the_advisor_and_the_bills_own_prices(server):
    url = fresh_database(server)
    store_costs(
        url,
        [
            usage(OCTOBER, EC2, "us-east-1", "BoxUsage:m6i.large", "100", "1000"),  # 10 cents
            usage(OCTOBER, EC2, "us-east-1", "SpotUsage:m6i.large", "15", "500"),  # instead of $50
            usage(OCTOBER, EC2, "us-east-1", "SpotUsage:c6i.large", "15", "500"),  # nothing to compare
            usage(OCTOBER, "S3", "us-east-1", "TimedStorage-ByteHrs", "23", "1000"),
            usage(OCTOBER, "S3", "us-east-1", "TimedStorage-SIA-ByteHrs", "25", "2000"),  # instead of $46
            usage(OCTOBER, "S3", "us-east-1", "TimedStorage-SIA-SmObjects", "3", "240"),
            usage(OCTOBER, "S3", "us-east-1", "EarlyDelete-SIA", "2", "160"),
            usage(date(2026, 9, 1), EC2, "us-east-1", "BoxUsage:r6i.large", "30", "100"),
            usage(date(2026, 8, 1), EC2, "us-east-1", "BoxUsage:r6i.large", "50", "100"),
            usage(OCTOBER, EC2, "us-east-1", "SpotUsage:r6i.large", "10", "100"),  # instead of $30
        ],
        FINAL,
    )
    expired = replace(DONE, rule="snapshots-expire", realized=Decimal(7))
    values = figures(review_of(url, FINAL, actions=[DONE, expired]), "savings")
    # The padding of small objects and early deletions are no storage that Standard would bill.
    assert (values["spot_instances"], values["storage_s3"]) == ("55", "16")
    assert values["storage_lifecycle"] == "23"
    assert values["right_sized_pods"] == "80"
    assert values["measured"] == "158"
    assert (values["target_low"], values["target_high"]) == ("5800", "14500")
    assert values["ai_token_budgets"] is None


def test_every_rule_with_an_initiative_is_one_of_the_advisor():
    assert INITIATIVES.keys() <= rules().keys()
