"""How often a schedule fires in 730 hours."""

from __future__ import annotations

from decimal import Decimal

import pytest

from teei_finops.costing.estimators.schedules import cron_runs, monthly_runs

DAYS = Decimal(730) / 24


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("rate(5 minutes)", 8_760),
        ("rate(1 hour)", 730),
        ("rate(1 day)", DAYS),
        ("rate(0 minute)", 1),
        ("at(2026-12-01T08:00:00)", 1),
        ("cron(0 8 * * ? *)", DAYS),
        ("cron(0/15 * * * ? *)", 4 * 24 * DAYS),
        ("cron(*/15 8-17 * * ? *)", 40 * DAYS),
        ("cron(0 9 ? * MON-FRI *)", 5 * DAYS / 7),
        ("cron(0 9 ? * 2-6 *)", 5 * DAYS / 7),
        ("cron(0 9 ? * FRI-MON *)", 4 * DAYS / 7),
        ("cron(0 6 1 * ? *)", 1),
        ("cron(0 6 L * ? *)", 1),
        ("cron(0 6 1,15 * ? *)", 2),
        ("cron(0 6 ? * 2#1 *)", 1),
        ("cron(0 6 ? * 6L *)", 1),
        ("cron(0 6 1 JAN,APR,JUL,OCT ? *)", Decimal(4) / 12),
    ],
)
def test_aws_expressions_give_their_runs_of_a_month(expression, runs):
    assert monthly_runs(expression) == pytest.approx(Decimal(runs), abs=Decimal("1e-20"))


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("*/10 * * * *", 6 * 24 * DAYS),
        ("0 3 * * *", DAYS),
        ("@hourly", 24 * DAYS),
        ("0 3 * * 0", DAYS / 7),
        ("0 3 * * 7", DAYS / 7),
        ("0 3 * * 1-5", 5 * DAYS / 7),
        ("0 3 * * sun", DAYS / 7),
        ("0 3 13 * 5", 1 + DAYS / 7),
    ],
)
def test_kubernetes_cron_counts_weekdays_from_zero_and_takes_either_of_two_days(expression, runs):
    assert cron_runs(expression) == pytest.approx(Decimal(runs), abs=Decimal("1e-20"))


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "sometimes",
        "rate(5 parsecs)",
        "rate(1 week)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 ? * 9 *)",
        "cron(0 8 * *)",
        "cron(61 8 * * ? *)",
        "cron(0 8 * FOO ? *)",
    ],
)
def test_what_cannot_be_read_is_none_not_zero(expression):
    assert monthly_runs(expression) is None
