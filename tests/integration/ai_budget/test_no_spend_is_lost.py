"""Tracked calls: every one is booked once, to the right budget, or kept until it has a price."""

from datetime import timedelta
from decimal import Decimal

import pytest

from functions.ai_budget import schemas
from functions.ai_budget.auth import Caller
from functions.ai_budget.ledger import Unavailable
from tests.functions.ai_budget.support import OPUS, SONNET, Desk, at, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
CALL = Decimal("0.0105")


def test_a_call_checked_under_one_name_and_tracked_under_another_is_charged_to_the_same_budget(desk):
    held = desk.check(model="claude-3-5-sonnet-latest")
    tracked = desk.track(
        model="us.anthropic.claude-3-5-sonnet-20241022-v2:0", reservation_id=held.reservation_id
    )
    assert tracked.reservation == "settled"
    assert desk.entry().current_usage_usd == CALL
    assert len(desk.tenant().budgets) == 1


def test_a_call_that_fell_back_to_another_model_frees_its_hold_and_charges_the_other_budget(desk):
    desk.set("acme", CALL)
    desk.set("acme", 1, model=OPUS)
    held = desk.check()
    tracked = desk.track(model=OPUS, reservation_id=held.reservation_id)
    assert (tracked.cost_usd, tracked.reservation) == (Decimal("0.0525"), "settled")
    assert desk.entry().current_usage_usd == 0
    assert desk.entry(model=OPUS).current_usage_usd == Decimal("0.0525")
    assert desk.check().allowed


def test_a_track_without_a_budget_is_booked_against_one_of_0_which_shows_as_exceeded(desk):
    desk.track(model=OPUS)
    entry = desk.entry(model=OPUS)
    assert (entry.monthly_limit_usd, entry.status) == (0, "exceeded")
    assert desk.entry(model=SONNET).status == "ok"
    assert desk.check(model=OPUS).status == 429


def test_a_track_of_a_reservation_that_is_gone_is_booked(desk):
    held = desk.check()
    desk.now += timedelta(hours=1)
    assert desk.track(reservation_id=held.reservation_id).reservation == "expired"
    sql(desk.url, "DELETE FROM ai_budget_reservations")
    assert desk.track(reservation_id=held.reservation_id).reservation == "unknown"
    assert desk.entry().current_usage_usd == CALL * 2


def test_two_tracks_of_one_reservation_are_two_calls_unless_they_are_the_same_request(desk):
    held = desk.check()
    first = desk.track(reservation_id=held.reservation_id, request_id="t")
    assert desk.track(reservation_id=held.reservation_id, request_id="t") == first
    assert desk.track(reservation_id=held.reservation_id, request_id="t", prompt=7).status == 409
    assert desk.track(reservation_id=held.reservation_id, request_id="u").reservation == "unknown"
    assert desk.entry().current_usage_usd == CALL * 2


class TestUnpriced:
    def test_a_call_without_a_price_is_kept_with_its_tokens_and_frees_its_hold(self, desk):
        desk.set("acme", CALL)
        held = desk.check()
        tracked = desk.track(model="gpt-9", reservation_id=held.reservation_id, request_id="t")
        assert (tracked.unpriced, tracked.cost_usd, tracked.reservation) == (True, None, "settled")
        assert desk.track(model="gpt-9", reservation_id=held.reservation_id, request_id="t") == tracked
        assert desk.track(model="gpt-9", request_id="t", prompt=1).status == 409
        (waiting,) = desk.run(desk.service.budgets.unpriced(Caller())).models
        assert (waiting.model, waiting.calls, waiting.tokens) == ("gpt-9", 1, 1500)
        assert desk.check().allowed

    def test_it_is_booked_by_reprice_once_its_price_is_known_and_only_once(self, desk):
        for number in range(450):
            desk.track(f"t{number % 3}", model="gpt-9", request_id=f"r{number}", prompt=1, completion=0)
        desk.track(model="gpt-10")
        priced = Desk(desk.url, now=desk.now + timedelta(days=30), prices={"gpt-9": PRICE})
        done = priced.run(priced.service.reprice(Caller()))
        assert (done.repriced, done.still_unpriced, done.cost_usd) == (450, 1, Decimal("0.00045"))
        assert priced.run(priced.service.reprice(Caller())).repriced == 0
        assert priced.entry("t1", model="gpt-9").current_usage_usd == Decimal("0.00015")
        assert priced.track("t0", model="gpt-9", request_id="r0", prompt=1, completion=0).cost_usd == Decimal(
            "0.000001"
        )
        assert sql(desk.url, "SELECT count(*), sum(cost_usd) FROM ai_token_usage") == [
            (450, Decimal("0.00045"))
        ]
        priced.close()

    def test_a_check_of_a_model_without_a_price_is_refused(self, desk):
        refused = desk.check(model="gpt-9")
        assert (refused.status, refused.body.error, refused.body.field) == (422, "unknown_model", "model")


PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 1}


class TestWorkedValues:
    def test_cache_writes_for_an_hour_cost_twice_the_input(self, desk):
        usage = {
            "input_tokens": 15,
            "output_tokens": 47,
            "cache_creation_input_tokens": 4803,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 4803},
        }
        expected = Decimal("0.029568")
        assert desk.track(model="claude-sonnet-4-6", usage=usage).cost_usd == expected
        counts = {"prompt": 15, "completion": 47, "cache_write_1h_tokens": 4803}
        assert desk.track(model="claude-sonnet-4-6", **counts).cost_usd == expected

    def test_a_regional_profile_costs_a_tenth_more_and_batch_half(self, desk):
        call = {"model": "us.anthropic.claude-opus-5", "prompt": 20, "completion": 296}
        assert desk.track(**call).cost_usd == Decimal("0.00825")
        assert desk.track(**call, service_tier="batch").cost_usd == Decimal("0.004125")

    @pytest.mark.parametrize(
        "announced",
        [
            {"expected_cache_read_tokens": 1_000_000},
            {"expected_cache_write_tokens": 1_000_000},
            {"expected_cache_write_1h_tokens": 1_000_000},
            {"max_web_searches": 100},
        ],
    )
    def test_a_check_reserves_everything_that_it_announces(self, desk, announced):
        desk.set("acme", 1000, model="claude-sonnet-4-6")
        plain = desk.check(model="claude-sonnet-4-6", prompt=0, maximum=0, dry_run=True).reserved_usd
        more = desk.check(model="claude-sonnet-4-6", prompt=0, maximum=0, dry_run=True, **announced)
        used = {
            "expected_cache_read_tokens": "cache_read_tokens",
            "expected_cache_write_tokens": "cache_write_tokens",
            "expected_cache_write_1h_tokens": "cache_write_1h_tokens",
            "max_web_searches": "web_search_requests",
        }
        call = {used[name]: count for name, count in announced.items()}
        cost = desk.track("other", model="claude-sonnet-4-6", prompt=0, completion=0, **call).cost_usd
        assert plain == 0
        assert more.reserved_usd >= cost > 0


class TestEstimates:
    def test_without_a_maximum_the_usual_completion_of_the_report_type_is_reserved(self, desk):
        assert desk.check(prompt=0, maximum=None).reserved_usd == Decimal("0.015")  # 1,000 tokens
        for completion in range(1, 101):
            desk.track(prompt=0, completion=completion, report_type="quarterly")
        # the 95th percentile of the last 64, which are 37 to 100
        estimate = desk.check(prompt=0, maximum=None, report_type="quarterly").reserved_usd
        assert estimate == 97 * Decimal("0.000015")


class TestQueue:
    def test_while_the_database_is_away_the_queue_takes_the_call_and_books_it_once_later(self, database):
        taken = []

        async def queue(body):
            taken.append(body)

        away = Desk("host=/nowhere dbname=x", queue, now=at("2030-01-15 12:00"))
        answer = away.track()
        assert isinstance(answer, schemas.QueuedResponse)
        away.close()
        desk = Desk(database, now=at("2030-02-01 00:10"))
        for _ in range(2):
            body = schemas.QueuedTrack.model_validate(taken[0])
            booked = desk.run(desk.service.book(body, at=body.tracked_at))
        assert (booked.cost_usd, booked.month) == (CALL, "2030-02")
        rows = sql(database, 'SELECT tracked_at, "timestamp" FROM ai_token_usage')
        assert rows == [(at("2030-01-15 12:00"), at("2030-02-01 00:10"))]
        desk.close()

    def test_without_a_queue_the_caller_repeats(self):
        away = Desk("host=/nowhere dbname=x")
        with pytest.raises(Unavailable):
            away.track()
        away.close()
