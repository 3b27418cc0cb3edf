"""What savings are worth after commitments and what was realized, from cost data in a real PostgreSQL."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from functions.advisor.errors import SourceError
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding, Record, Risk, Status
from functions.advisor.tracking.commitments import after_commitments, at_list_price, with_realized
from functions.advisor.tracking.store import Store
from functions.cost_data.store import Store as CostStore

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres
TODAY = date(2026, 11, 30)
NODES = Finding(
    rule="overprovisioned-requests", resource="shop/Deployment/web", evidence="", change="",
    saving_list=Decimal(300), confidence=Confidence.MEDIUM, risk=Risk.MEDIUM,
    commitment=Commitment.SAVINGS_PLAN, bill=BillLine("", "BoxUsage"),
)  # fmt: skip
VOLUME = replace(NODES, rule="gp2-volume", resource="vol-1", commitment=None, bill=BillLine("", "EBS"))


@pytest.fixture
def store(cost_database):
    store = Store(cost_database)
    CostStore(cost_database).create_schema()
    store.create_schema()
    return store


def add_days(url, first, days, usage_type, billed, effective, region="us-east-1"):
    """The same cost on each of some final days."""
    with psycopg.connect(url) as connection:
        for number in range(days):
            day = first + timedelta(days=number)
            connection.execute(
                """INSERT INTO cost_data.daily_costs (day, billing_period, provider, billing_account, account,
                region, service, usage_type_group, charge_category, tag_team, tag_service, tag_environment,
                tag_cost_center, billed, effective, charges, final)
                VALUES (%s, date_trunc('month', %s), 'AWS', '1', '1', %s, 'Amazon EC2', %s, 'usage',
                '', '', '', '', %s, %s, 1, true)""",
                (day, day, region, usage_type, billed, effective),
            )
            connection.execute(
                """INSERT INTO cost_data.daily_totals VALUES (%s, %s, %s, 'usage', %s, %s, true)""",
                (day, region, usage_type, billed, effective),
            )


def effective(store, *findings):
    results = after_commitments(findings, store.usage_costs(TODAY), store.coverage())
    return {finding.resource: finding.saving_effective for finding in results}


def test_usage_without_commitments_saves_its_list_price(store, cost_database):
    add_days(cost_database, date(2026, 10, 29), 30, "BoxUsage", 50, 50)
    assert effective(store, NODES) == {"shop/Deployment/web": Decimal(300)}


def test_usage_that_a_savings_plan_covers_entirely_saves_nothing(store, cost_database):
    add_days(cost_database, date(2026, 10, 29), 30, "BoxUsage", 0, 36)
    assert effective(store, NODES, VOLUME) == {"shop/Deployment/web": 0, "vol-1": Decimal(300)}


def test_savings_together_do_not_exceed_what_is_billed_on_demand(store, cost_database):
    # $12 a day on demand beside covered usage: 12 x 365 / 12 = $365 a month
    add_days(cost_database, date(2026, 10, 29), 30, "BoxUsage", 12, 48)
    other = replace(NODES, resource="shop/Deployment/api", saving_list=Decimal(100))
    assert effective(store, other, NODES) == {"shop/Deployment/web": 300, "shop/Deployment/api": 65}


def test_a_reservation_covers_its_region_only(store, cost_database):
    reserved = Commitment.RESERVATION
    databases = [
        replace(
            NODES, resource=region, commitment=reserved, bill=BillLine("Amazon RDS", "InstanceUsage", region)
        )
        for region in ("us-east-1", "eu-central-1")
    ]
    add_days(cost_database, date(2026, 10, 29), 30, "InstanceUsage", 0, 40)
    add_days(cost_database, date(2026, 10, 29), 30, "InstanceUsage", 40, 40, region="eu-central-1")
    assert effective(store, *databases) == {"us-east-1": 0, "eu-central-1": 300}


def test_without_such_usage_in_the_bill_the_coverage_counts(store, cost_database):
    with psycopg.connect(cost_database) as connection:
        connection.execute(
            """INSERT INTO cost_data.commitment_usage
            VALUES ('savings-plan', 75, 100, '2026-11-01', '2026-11-29')"""
        )
    assert effective(store, NODES) == {"shop/Deployment/web": Decimal(75)}


def test_without_a_bill_a_saving_that_a_commitment_may_cover_is_less_certain():
    nodes, volume = at_list_price([NODES, VOLUME])
    assert (nodes.saving_effective, nodes.confidence) == (300, Confidence.LOW)
    assert (volume.saving_effective, volume.confidence) == (300, Confidence.MEDIUM)


def done(resource, estimate):
    return Record(
        "gp2-volume", resource, Status.DONE, date(2026, 10, 5), date(2026, 10, 26), saving_effective=estimate,
        done_on=date(2026, 11, 2), bill=BillLine("", "EBS", "us-east-1"),
    )  # fmt: skip


def test_a_realized_saving_is_the_fall_of_the_bill_and_not_the_estimate(store, cost_database):
    add_days(
        cost_database, date(2026, 9, 29), 28, "EBS", 100, 100
    )  # through the last report that had the finding
    add_days(cost_database, date(2026, 10, 27), 7, "EBS", 95, 95)  # while it was carried out
    add_days(cost_database, date(2026, 11, 3), 20, "EBS", 88, 88)
    first, second = with_realized([done("vol-1", Decimal(300)), done("vol-2", Decimal(100))], store, TODAY)
    # $12 a day less are $365 a month, shared three to one as estimated
    assert (first.realized, second.realized) == (Decimal("273.75"), Decimal("91.25"))


def test_changes_of_following_weeks_share_one_fall_of_the_bill(store, cost_database):
    add_days(cost_database, date(2026, 9, 29), 28, "EBS", 100, 100)
    add_days(cost_database, date(2026, 11, 3), 7, "EBS", 94, 94)
    add_days(cost_database, date(2026, 11, 10), 17, "EBS", 88, 88)
    later = replace(done("vol-2", Decimal(100)), last_seen=date(2026, 11, 2), done_on=date(2026, 11, 9))
    first, second = with_realized([done("vol-1", Decimal(300)), later], store, TODAY)
    assert first.realized + second.realized == 365  # $12 a day less, counted once


def test_a_saving_is_not_realized_before_a_week_of_final_days(store, cost_database):
    add_days(cost_database, date(2026, 9, 29), 28, "EBS", 100, 100)
    add_days(cost_database, date(2026, 11, 3), 6, "EBS", 88, 88)
    (record,) = with_realized([done("vol-1", Decimal(300))], store, TODAY)
    assert record.realized is None


def test_a_bill_that_rose_realized_nothing(store, cost_database):
    add_days(cost_database, date(2026, 9, 29), 28, "EBS", 100, 100)
    add_days(cost_database, date(2026, 11, 3), 20, "EBS", 130, 130)
    (record,) = with_realized([done("vol-1", Decimal(300))], store, TODAY)
    assert record.realized == 0


def test_records_are_stored_and_replaced(store):
    record = done("vol-1", Decimal("1.50"))
    accepted = replace(
        record,
        resource="vol-2",
        status=Status.ACCEPTED,
        owner="Maria",
        deadline=TODAY,
        done_on=None,
        bill=None,
    )
    store.save([record, accepted])
    store.save([replace(record, realized=Decimal(2))])
    assert store.records() == [replace(record, realized=Decimal(2)), accepted]


def test_a_database_without_cost_data_is_an_error_that_says_what_to_do(cost_database):
    with pytest.raises(SourceError, match="no schema cost_data; run"):
        Store(cost_database).create_schema()
    with pytest.raises(SourceError, match=r"PostgreSQL: .*refused"):
        Store("postgresql://127.0.0.1:1/x").records()
