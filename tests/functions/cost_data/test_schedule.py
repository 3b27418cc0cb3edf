"""When what is read."""

from datetime import date, timedelta

from functions.cost_data import schedule
from functions.cost_data.records import last_final_day, month_is_final, next_month, previous_month
from tests.functions.cost_data.support import at


def test_usage_is_read_once_a_day_and_the_last_three_days_again():
    now = at("2026-11-24 18:00")
    assert schedule.usage_span(now, at("2026-11-24 06:00"), at("2026-11-16 06:00")) is None
    assert schedule.usage_span(now, at("2026-11-23 06:00"), at("2026-11-16 06:00")) == (
        date(2026, 11, 20), date(2026, 11, 24),
    )  # fmt: skip


def test_the_first_read_and_the_first_half_of_a_month_include_the_month_before():
    whole = (date(2026, 10, 1), date(2026, 11, 5))
    assert schedule.usage_span(at("2026-11-05 06:00"), None, None) == whole
    assert (
        schedule.usage_span(at("2026-11-05 06:00"), at("2026-11-04 06:00"), at("2026-11-02 06:00")) == whole
    )
    assert schedule.usage_span(at("2026-11-05 06:00"), at("2026-11-04 06:00"), at("2026-11-03 06:00")) == (
        date(2026, 11, 1), date(2026, 11, 5),
    )  # fmt: skip


def test_the_month_before_is_read_a_last_time_on_the_15th_or_when_the_collector_runs_again():
    for day in (15, 16, 30):
        now = at(f"2026-11-{day} 06:00")
        before = now - timedelta(days=1)
        assert schedule.usage_span(now, before, at("2026-11-14 06:00"))[0] == date(2026, 10, 1)
        assert schedule.usage_span(now, before, at("2026-11-15 06:00"))[0] > date(2026, 10, 31)


def test_days_without_the_collector_are_read_later():
    now, last = at("2026-11-28 06:00"), at("2026-11-19 06:00")
    assert schedule.usage_span(now, last, at("2026-11-16 06:00")) == (date(2026, 11, 16), date(2026, 11, 28))


def test_every_day_is_read_again_when_it_is_final():
    last = last_month = None
    final_reads = set()
    for day in range(90):
        now = at("2026-09-01 06:00") + timedelta(days=day)
        span = schedule.usage_span(now, last, last_month)
        if span.first <= previous_month(now.date()):
            last_month = now
        last = now
        read = {span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)}
        final_reads |= {d for d in read if d <= last_final_day(now)}
    expected = {
        date(2026, 8, 1) + timedelta(days=n) for n in range((date(2026, 11, 26) - date(2026, 8, 1)).days + 1)
    }
    assert final_reads == expected


def test_an_export_is_read_until_its_month_is_final():
    october = date(2026, 10, 1)
    assert schedule.billing_period_is_due(october, None)
    assert schedule.billing_period_is_due(october, at("2026-11-14 23:00"))
    assert not schedule.billing_period_is_due(october, at("2026-11-15 00:00"))


def test_months_follow_each_other_over_the_end_of_a_year():
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert previous_month(date(2027, 1, 31)) == date(2026, 12, 1)
    assert month_is_final(date(2026, 12, 1), at("2027-01-15 00:00"))
    assert not month_is_final(date(2026, 12, 1), at("2027-01-14 23:59"))


def test_other_reads_leave_a_request_for_each_later_day_of_the_month():
    assert schedule.requests_kept_for_usage(at("2026-11-01 06:00")) == 29
    assert schedule.requests_kept_for_usage(at("2026-11-30 06:00")) == 0
