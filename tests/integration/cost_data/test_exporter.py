"""GET /metrics/cost on a real PostgreSQL: names, labels, bounds, and what happens without the database."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from functions.cost_data import cost_metrics
from functions.cost_data.app import answer
from functions.cost_data.metrics import Page
from functions.cost_data.records import Kind, Read
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store
from tests.functions.cost_data.support import SAMPLE, SAMPLE_BILLED, at, cost_row, put, sql

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[3]
NOW = at("2026-11-24 12:00")


def keep(store, *rows, now=NOW):
    store.store_costs(Read(Kind.BILL, "file", "bill.csv", now), rows)


def samples(store, name, now=NOW, **settings):
    """The samples of a metric: labels (as a tuple of sorted pairs) and value."""
    text = Page(store, Settings(**settings)).text(now).decode()
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def labels(**values):
    return tuple(sorted(values.items()))


def test_the_metrics_of_the_guide_have_its_names_and_labels(store):
    keep(
        store,
        cost_row(date(2026, 10, 31), "7"),
        cost_row(date(2026, 11, 21), "5", effective=Decimal(4)),
        cost_row(date(2026, 11, 21), "2", region="eu-central-1", service="Amazon EC2"),
        cost_row(date(2026, 11, 22), "100"),
    )
    s3, ec2 = "Amazon Simple Storage Service", "Amazon EC2"
    assert samples(store, "aws_cost_monthly_usd") == {
        labels(month="2026-10", region="us-east-1", service=s3): 7,
        labels(month="2026-11", region="us-east-1", service=s3): 105,
        labels(month="2026-11", region="eu-central-1", service=ec2): 2,
        labels(month="current", region="us-east-1", service=s3): 105,
        labels(month="current", region="eu-central-1", service=ec2): 2,
    }
    assert samples(store, "aws_cost_daily_usd") == {
        labels(region="us-east-1", service=s3): 5,
        labels(region="eu-central-1", service=ec2): 2,
    }
    assert samples(store, "aws_cost_daily_effective_usd")[labels(region="us-east-1", service=s3)] == 4
    assert samples(store, "aws_cost_last_final_day_timestamp_seconds") == {
        (): at("2026-11-21 00:00").timestamp()
    }


def test_a_month_without_figures_has_no_current_series_and_no_forecast(store):
    keep(store, cost_row(date(2026, 11, 21)))
    december = at("2026-12-01 00:00")
    assert {dict(key)["month"] for key in samples(store, "aws_cost_monthly_usd", december)} == {"2026-11"}
    assert samples(store, "aws_cost_forecast_usd", december) == {}


def test_the_sum_of_the_bounded_series_is_the_sum_of_the_bill(store):
    put(store, SAMPLE)
    named = samples(store, "aws_cost_monthly_usd", top_services=3, top_regions=2)
    assert len({dict(key)["service"] for key in named}) == 4
    assert len({dict(key)["region"] for key in named}) == 3
    assert sum(named.values()) == pytest.approx(float(SAMPLE_BILLED), abs=1e-9)


def test_many_services_regions_teams_and_months_stay_within_the_bounds(store):
    keep(
        store,
        *(
            cost_row(
                date(2024, 1, 1) + timedelta(days=15 * n), str(n % 50), service=f"service {n}",
                region=f"region-{n}", tag_team=f"team {n}",
            )
            for n in range(70)
        ),
    )  # fmt: skip
    monthly = samples(store, "aws_cost_monthly_usd")
    assert len({dict(key)["service"] for key in monthly}) <= 21
    assert len({dict(key)["region"] for key in monthly}) <= 11
    assert len({dict(key)["month"] for key in monthly} - {"current"}) == 14
    assert len({dict(key)["team"] for key in samples(store, "aws_cost_team_monthly_usd")}) <= 31
    assert len({dict(key)["day"] for key in samples(store, "aws_cost_daily_history_usd")}) <= 35


def test_usage_of_final_days_leaves_out_other_charges_and_fills_days_without_usage(store):
    keep(
        store,
        cost_row(date(2026, 11, 21), "10"),
        cost_row(date(2026, 11, 21), "500", charge_category="purchase"),
        cost_row(date(2026, 11, 21), "30", charge_category="tax"),
        cost_row(date(2026, 11, 19), "4"),
    )
    service = "Amazon Simple Storage Service"
    usage = samples(store, "aws_cost_final_day_usage_usd")
    # Before the first stored day usage is not known.
    expected = {"0": 10, "1": 0, "2": 4}
    assert usage == {labels(days_before=n, service=service): value for n, value in expected.items()}
    assert samples(store, "aws_cost_final_day_category_usd") == {
        labels(charge_category="purchase"): 500,
        labels(charge_category="tax"): 30,
        labels(charge_category="usage"): 10,
    }


def test_cost_per_team_and_the_untagged_share_come_from_the_tags(store):
    day = date(2026, 11, 5)
    keep(
        store,
        cost_row(day, "3"),
        cost_row(day, "1", tag_team=""),
        cost_row(day, "6", tag_team="", charge_category="tax"),
    )
    teams = samples(store, "aws_cost_team_monthly_usd")
    assert teams[labels(month="current", team="platform")] == 3
    assert teams[labels(month="current", team="untagged")] == 7
    untagged = samples(store, "aws_cost_untagged_ratio")
    assert untagged[labels(month="current", tag="team")] == 0.25
    assert untagged[labels(month="current", tag="cost-center")] == 1


def test_a_month_is_final_and_the_data_has_an_age(store):
    keep(store, cost_row(date(2026, 10, 5)), now=at("2026-11-15 00:00"))
    keep(store, cost_row(date(2026, 11, 5)), now=at("2026-11-24 11:00"))
    finals = samples(store, "aws_cost_month_final")
    assert finals == {labels(month="2026-10"): 1, labels(month="2026-11"): 0}
    assert samples(store, "aws_cost_data_age_seconds") == {labels(kind="bill"): 3600}


def test_the_budget_of_the_whole_account_is_the_largest_without_filters_or_the_one_named(store):
    read = Read(Kind.BUDGETS, "budgets", "1", NOW)
    rows = [("all", 100, 50, None, False, 1), ("early", 80, 50, 90, False, 0), ("s3", 900, 5, 5, True, 2)]
    store.store_answer(read, {"budgets": rows})
    assert samples(store, "aws_budget_monthly_limit_usd") == {labels(budget="all"): 100}
    assert samples(store, "aws_budget_monthly_limit_usd", total_budget="early") == {
        labels(budget="early"): 80
    }
    assert samples(store, "aws_budget_subscribers")[labels(budget="early")] == 0
    assert labels(budget="all") not in samples(store, "aws_budget_forecast_usd")


def test_the_page_passes_promtool(store):
    promtool = shutil.which("promtool")
    assert promtool, "install the Debian package prometheus"
    put(store, SAMPLE)
    text = Page(store, Settings()).text(NOW)
    result = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@contextmanager
def served(url, **environment):
    """The address of a `serve` process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "functions.cost_data", "serve", "--port", "0", "--database-url", url],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_serve_answers_from_stored_figures_with_an_aws_that_never_answers(store, cost_database):
    put(store, SAMPLE)
    with served(cost_database, AWS_ENDPOINT_URL="http://127.0.0.1:9") as url:
        response = httpx.get(url)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/plain; version=")
        assert re.search(r'^aws_cost_monthly_usd\{month="2024-09",', response.text, re.M)
        assert httpx.get(url + "x").status_code == 404
        assert httpx.post(url).status_code == 405


def test_without_postgresql_serve_starts_and_answers_503_without_any_figure():
    with served("postgresql://127.0.0.1:1/none") as url:
        response = httpx.get(url)
        assert response.status_code == 503
        assert "aws_cost" not in response.text
        assert "refused" in response.text


def test_a_page_shows_a_later_read_and_a_later_day_and_nothing_once_the_database_is_gone(
    store, cost_database, postgres_server
):
    page = Page(store, Settings())
    keep(store, cost_row(date(2026, 11, 5), "1"))
    assert b"aws_cost_explorer_requests 0.0" in page.text(NOW)
    keep(store, cost_row(date(2026, 11, 5), "2"))
    assert store.count_request(NOW, 60)
    text = page.text(NOW).decode()
    assert text == Page(store, Settings()).text(NOW).decode()
    assert 'service="Amazon Simple Storage Service"} 2.0' in text
    assert "aws_cost_explorer_requests 1.0" in text
    assert 'month="current"' not in page.text(at("2026-12-01 00:00")).decode()
    sql(postgres_server, f"DROP DATABASE {cost_database.split('@/')[1].split('?')[0]} WITH (FORCE)")
    assert answer(page, "GET", "/metrics/cost", NOW).status == 503


def test_a_page_reads_costs_only_once_while_nothing_is_stored(store, monkeypatch):
    keep(store, cost_row(date(2026, 11, 5), "1"))
    page = Page(store, Settings())
    page.text(NOW)
    monkeypatch.delattr(cost_metrics.CostCollector, "collect")
    assert b"aws_cost_monthly_usd{" in page.text(NOW)


def test_a_database_without_the_schema_is_503_with_what_to_do(cost_database):
    result = answer(Page(Store(cost_database), Settings()), "GET", "/metrics/cost", NOW)
    assert result.status == 503
    assert b"run `import` or `collect` once" in result.body


def test_no_module_of_the_exporter_imports_aws():
    code = (
        "import sys, functions.cost_data.app; "
        "print([name for name in sys.modules if name.startswith(('boto', 'functions.cost_data.sources'))])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
