"""The errors, and what a service of our own answers to them."""

import json

import pytest

from ai_budget_client import errors
from ai_budget_client.errors import error_of_response
from ai_budget_client.middleware import error_response
from functions.ai_budget.errors import RefusedResponse

REFUSAL = {
    "error": "Too Many Requests", "message": "AI Budget Exceeded", "reason": "budget_spent", "allowed": False,
    "tenant_id": "acme", "model": "claude-sonnet-4-6", "budget": "*", "monthly_limit_usd": 0.01,
    "current_usage_usd": 0.0, "estimated_usd": 0.0105, "remaining_usd": 0.01, "percentage_used": 0.0,
    "reset_date": "2026-12-01T00:00:00Z", "fallback": "cached_template", "fallback_model": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", errors.InvalidRequest),
        (401, "unauthorized", errors.Unauthorized),
        (403, "forbidden", errors.Forbidden),
        (403, "no_budget", errors.NoBudget),
        (403, "https_required", errors.HttpsRequired),
        (404, "unknown_reservation", errors.ReservationEnded),
        (409, "conflict", errors.RequestConflict),
        (409, "already_settled", errors.AlreadySettled),
        (409, "reservation_expired", errors.ReservationEnded),
        (413, "payload_too_large", errors.InvalidRequest),
        (422, "unknown_model", errors.UnknownModel),
        (500, "internal_error", errors.BudgetUnavailable),
        (503, "unavailable", errors.BudgetUnavailable),
        (418, "teapot", errors.BudgetError),
    ],
)
def test_each_answer_of_the_service_has_its_error(status, code, kind):
    error = error_of_response(
        status, {"retry-after": "5"}, {"error": code, "message": "why", "field": "model"}
    )
    assert (type(error), error.status, error.code, str(error)) == (kind, status, code, "why")


@pytest.mark.parametrize("body", [None, [], "text", {}])
def test_an_answer_that_is_not_of_the_service_is_an_error_too(body):
    error = error_of_response(502, {}, body)
    assert isinstance(error, errors.BudgetUnavailable)
    assert "502" in str(error)


@pytest.mark.parametrize(
    ("reason", "kind", "retry"),
    [
        ("budget_spent", errors.BudgetSpent, False),
        ("budget_reserved", errors.BudgetReserved, True),
        ("too_many_reservations", errors.TooManyReservations, True),
    ],
)
def test_a_refusal_is_answered_as_the_service_answers_it(reason, kind, retry):
    headers = {"retry-after": "7", "x-ai-budget-warning": "true"}
    error = error_of_response(429, headers, REFUSAL | {"reason": reason})
    assert type(error) is kind
    status, headers, body = error_response(error)
    assert (status, headers["x-should-retry"], headers["Retry-After"]) == (429, str(retry).lower(), "7")
    assert headers["X-AI-Budget-Warning"] == "true"
    assert json.loads(body) == REFUSAL | {"reason": reason}


def test_the_client_knows_every_field_of_a_refusal():
    assert errors.Refusal.model_fields.keys() == RefusedResponse.model_fields.keys()


def test_while_calls_cannot_be_permitted_a_service_answers_503():
    for error in (errors.BudgetUnavailable("away"), errors.SpoolFull("full"), errors.SpoolFailed("broken")):
        status, headers, body = error_response(error)
        assert (status, headers["Retry-After"], json.loads(body)["error"]) == (503, "5", "unavailable")
