"""When the collector reads AWS's forecast, and what it adds, on a real PostgreSQL."""

from datetime import date, timedelta

import pytest

from functions.cost_data.collect import collect
from functions.cost_data.records import Kind, Read
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import AwsError
from tests.functions.cost_data.recorded_aws import forecast
from tests.functions.cost_data.support import at, cost_row
from tests.integration.cost_data.test_collect import NOW, account

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres


def test_a_forecast_of_the_rest_of_the_month_is_added_to_what_was_spent(store):
    store.store_costs(
        Read(Kind.BILL, "file", "bill.csv", NOW),
        [cost_row(date(2026, 11, 5), "50"), cost_row(date(2026, 11, 24), "7")],
    )
    answers = {"ce__get_cost_and_usage": AwsError("denied")}
    collect(store, account(**answers), Settings(), NOW)
    assert store.fetch("forecast", month=date(2026, 11, 1)) == [(150, 130, 180)]
    whole = account(**answers, ce__get_cost_forecast=forecast("2026-11-01", "170", "160", "190"))
    collect(store, whole, Settings(), NOW + timedelta(days=4))
    assert store.fetch("forecast", month=date(2026, 11, 1)) == [(170, 160, 190)]


def test_the_rest_of_a_month_is_no_forecast_of_the_month_while_its_costs_are_not_known(store):
    denied = {"ce__get_cost_and_usage": AwsError("denied")}
    aws = account(**denied)
    outcome = collect(store, aws, Settings(), NOW)
    assert outcome.failed[-1].startswith("forecast: no costs of 2026-11 are stored")
    assert "ce get_cost_forecast" not in aws.calls
    assert store.fetch("forecast", month=date(2026, 11, 1)) == []
    collect(store, account(**denied), Settings(), at("2026-12-01 06:00"))
    assert len(store.fetch("forecast", month=date(2026, 12, 1))) == 1


def test_a_failed_forecast_is_tried_again_on_the_next_day_and_not_at_every_run(store):
    aws = account(ce__get_cost_forecast=AwsError("DataUnavailableException"))
    for hours in (0, 6, 12, 24):
        collect(store, aws, Settings(), NOW + timedelta(hours=hours))
    assert aws.calls["ce get_cost_forecast"] == 2
