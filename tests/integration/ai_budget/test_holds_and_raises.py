"""How long a reservation holds, temporary raises, and which model a refusal names."""

from datetime import timedelta
from decimal import Decimal

import pytest

from functions.ai_budget.auth import Caller
from functions.ai_budget.budgets import ChangesQuery
from tests.functions.ai_budget.support import HAIKU, OPUS, SONNET, Desk, at, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
CALL = Decimal("0.0105")  # what `desk.check()` reserves


class TestReservations:
    def test_a_hold_lasts_as_long_as_the_check_asked(self, desk):
        desk.set("acme", CALL)
        assert desk.check(reservation_seconds=60).expires_at == desk.now + timedelta(seconds=60)
        desk.now += timedelta(seconds=59)
        assert desk.check().status == 429
        desk.now += timedelta(seconds=1)
        assert desk.check().allowed

    def test_a_release_ends_the_hold_at_once_and_may_be_repeated(self, desk):
        desk.set("acme", CALL)
        held = desk.check()
        assert desk.release("other", held.reservation_id).reservation == "unknown"
        assert desk.check().status == 429
        assert desk.release("acme", held.reservation_id).reservation == "released"
        assert desk.release("acme", held.reservation_id).reservation == "released"
        assert desk.check().allowed

    def test_a_call_that_was_made_after_its_release_is_booked(self, desk):
        held = desk.check()
        desk.release("acme", held.reservation_id)
        assert desk.track(reservation_id=held.reservation_id).reservation == "released"
        assert desk.entry().current_usage_usd == CALL

    def test_an_extension_keeps_the_hold_and_is_refused_once_it_expired(self, desk):
        desk.set("acme", CALL)
        held = desk.check(reservation_seconds=60)
        desk.now += timedelta(seconds=30)
        assert desk.extend("acme", held.reservation_id, 60).expires_at == desk.now + timedelta(seconds=60)
        assert desk.extend("acme", held.reservation_id, 1).expires_at == desk.now + timedelta(seconds=60)
        desk.now += timedelta(seconds=59)
        assert desk.check().status == 429
        desk.now += timedelta(seconds=1)
        assert desk.extend("acme", held.reservation_id, 60).status == 409
        assert desk.extend("other", held.reservation_id, 60).status == 404

    def test_open_reservations_of_one_budget_are_capped(self, database):
        desk = Desk(database, now=at("2030-01-15 12:00"), max_open_reservations=3)
        for _ in range(3):
            assert desk.check().allowed
        refused = desk.check()
        assert (refused.status, refused.body.reason) == (429, "too_many_reservations")
        assert int(refused.headers["Retry-After"]) <= 5
        desk.close()

    def test_a_dry_run_decides_and_leaves_no_trace(self, desk):
        desk.set("acme", CALL)
        assert desk.check(dry_run=True, request_id="r").reservation_id is None
        assert desk.check(dry_run=True).allowed
        assert sql(desk.url, "SELECT count(*) FROM ai_budget_reservations") == [(0,)]
        assert desk.check(prompt=100_000, dry_run=True).status == 429
        assert not desk.entry().hard_limit_reached
        assert desk.check(request_id="r").allowed


class TestTemporaryRaise:
    def test_it_counts_until_it_ends_by_itself_and_is_in_the_change_log(self, desk):
        desk.set("acme", CALL)
        desk.set("acme", None, raise_usd=CALL, raise_until=desk.now + timedelta(hours=1))
        assert desk.entry().monthly_limit_usd == CALL * 2
        desk.track()
        assert desk.check(reservation_seconds=60).allowed
        desk.now += timedelta(hours=1)
        assert desk.check().body.reason == "budget_spent"
        assert desk.entry().monthly_limit_usd == CALL
        desk.tidy()
        changes = desk.run(desk.service.budgets.changes("acme", ChangesQuery(limit=10), Caller())).changes
        raises = [(c.changed_by, c.old_value, c.new_value) for c in changes if c.field == "raise_usd"]
        assert raises == [("tidy", "0.0105", None), ("admin-test", None, "0.0105")]

    def test_it_needs_a_budget_and_an_end_in_the_future(self, desk):
        later = desk.now + timedelta(hours=1)
        assert desk.set("acme", None, raise_usd=1, raise_until=later).status == 404
        assert desk.set("acme", 1, raise_usd=1, raise_until=desk.now).status == 400


class TestCheaperModel:
    def test_a_refusal_names_the_most_expensive_cheaper_model_that_has_room(self, desk):
        desk.set("acme", 0, model=OPUS)
        desk.set("acme", 1, model=SONNET)
        desk.set("acme", 1, model=HAIKU)
        assert desk.check(model=OPUS).body.fallback_model == SONNET
        desk.set("acme", "0.01", model=SONNET)
        assert desk.check(model=OPUS).body.fallback_model == HAIKU
        desk.set("acme", 0, model="*")
        assert desk.check(model=OPUS).body.fallback_model is None

    def test_a_dearer_model_is_never_named(self, desk):
        desk.set("acme", 0, model=HAIKU)
        desk.set("acme", 1000, model=OPUS)
        refused = desk.check(model=HAIKU).body
        assert (refused.fallback, refused.fallback_model) == ("cached_template", None)
