"""The OpenAPI document of the service."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from functions.ai_budget.bodies import IDENTIFIER, MAX_LIMIT, MAX_TOKENS

_ID = {"type": "string", "pattern": f"^{IDENTIFIER}$"}
_TOKENS = {"type": "integer", "minimum": 0, "maximum": MAX_TOKENS}
_USD = {"type": "number"}
_TIME = {"type": "string", "format": "date-time", "description": "UTC, with Z"}
_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_MONTH = {"type": "string", "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$"}
_WORD = {"type": "string"}
_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}


def _object(
    required: dict[str, Any], optional: dict[str, Any] | None = None, *, closed: bool = True
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": not closed,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _tier(name: str, limit: Decimal) -> dict[str, Any]:
    amount = {"minimum": float(limit)} if name == "custom" else {"const": float(limit)}
    return {"properties": {"tier": {"const": name}, "monthly_limit_usd": amount}, "required": ["tier"]}


def _schemas(models: str | None, tiers: Mapping[str, Decimal]) -> dict[str, Any]:
    model = _ID if models is None else {"type": "string", "pattern": models, "maxLength": 128}
    called = {"tenant_id": _ID, "model": model}
    budget = {
        "model": _WORD, "monthly_limit_usd": _USD, "current_usage_usd": _USD, "percentage_used": _USD,
        "token_count_input": _COUNT, "token_count_output": _COUNT, "reset_date": _TIME,
        "status": {"enum": ["ok", "warning", "exceeded"]}, "soft_limit_notified": _FLAG,
        "hard_limit_reached": _FLAG,
    }  # fmt: skip
    tokens = {"input_tokens": _COUNT, "output_tokens": _COUNT}
    return {
        "Check": _object(
            called | {"estimated_prompt_tokens": _TOKENS},
            {"max_completion_tokens": _TOKENS, "report_type": _ID, "request_id": _ID},
        ),
        "Reservation": _object(
            {
                "allowed": {"const": True}, "reservation_id": _UUID, "reserved_usd": _USD,
                "remaining_usd": _USD,
                "percentage_used": _USD, "expires_at": _TIME,
            }
        ),
        "Track": _object(
            called | {"prompt_tokens": _TOKENS, "completion_tokens": _TOKENS},
            {
                "cache_read_tokens": _TOKENS, "cache_write_tokens": _TOKENS, "report_type": _ID,
                "reservation_id": _UUID, "request_id": _ID,
            },
        ),
        "Booking": _object(
            {
                "recorded": {"const": True}, "cost_usd": _USD, "month": _MONTH,
                "reservation": {"enum": ["settled", "expired", "unknown", None]},
            }
        ),
        "Queued": _object({"recorded": {"const": False}, "queued": {"const": True}, "request_id": _ID}),
        "Set": _object(
            called | {"monthly_limit_usd": {"type": "number", "minimum": 0, "maximum": MAX_LIMIT}},
            {"tier": {"enum": list(tiers)}},
        )
        | {"anyOf": [{"properties": {"tier": False}}, *(_tier(*tier) for tier in tiers.items())]},
        "Budget": _object(budget),
        "Tenant": _object(
            {
                "tenant_id": _WORD, "budgets": {"type": "array", "items": _ref("Budget")},
                "total_usage_usd": _USD, "total_limit_usd": _USD,
            }
        ),
        "Tenants": _object(
            {"tenants": {"type": "array", "items": _ref("Tenant")}, "next": {"type": ["string", "null"]}}
        ),
        "Usage": _object(
            {
                "tenant_id": _WORD, "month": _MONTH, "complete": _FLAG, "total_cost_usd": _USD,
                "days": {"type": "array", "items": _object(
                    {"date": {"type": "string", "format": "date"}, "model": _WORD, "report_type": _WORD,
                     "requests": _COUNT} | tokens | {"cost_usd": _USD})},
                "closed_months": {"type": "array", "items": _object(
                    {"month": _MONTH, "model": _WORD, "monthly_limit_usd": _USD, "spent_usd": _USD,
                     "token_count_input": _COUNT, "token_count_output": _COUNT})},
            }
        ),
        "Changes": _object(
            {
                "tenant_id": _WORD,
                "changes": {"type": "array", "items": _object(
                    {"changed_at": _TIME, "changed_by": _WORD, "source": {"enum": ["api", "sql"]},
                     "model": _WORD,
                     "field": _WORD, "old_value": {"type": ["string", "null"]},
                     "new_value": {"type": ["string", "null"]}})},
            }
        ),
        "Status": _object({"status": _WORD}),
        "Error": _object({"error": _WORD, "message": _WORD}, {"field": _WORD}, closed=False),
    }  # fmt: skip


_ERRORS = {
    400: "Bad input; `field` names what is wrong",
    401: "No valid bearer token",
    403: "The tenant has no budget for the model",
    405: "Another method",
    409: "The request id was used with another body",
    413: "The body is too long",
    415: "The body is not application/json",
    422: "The model has no price",
    429: "Over budget: use the cached template",
    503: "The database is away",
}


def _operation(
    name: str, summary: str, answers: dict[int, str], errors: tuple[int, ...], **more: Any
) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(code): {"description": summary, "content": {"application/json": {"schema": _ref(schema)}}}
        for code, schema in answers.items()
    }
    for code in (*errors, 401):
        responses[str(code)] = {
            "description": _ERRORS[code],
            "content": {"application/json": {"schema": _ref("Error")}},
        }
    return {"operationId": name, "summary": summary, "responses": responses, **more}


def _post(
    name: str, summary: str, body: str, answers: dict[int, str], errors: tuple[int, ...], **more: Any
) -> dict[str, Any]:
    content = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return {
        "post": _operation(name, summary, answers, (400, 413, 415, *errors, 503), requestBody=content, **more)
    }


def _get(
    name: str, summary: str, answer: str, *parameters: dict[str, Any], errors: tuple[int, ...] = (400, 503)
) -> dict[str, Any]:
    return {"get": _operation(name, summary, {200: answer}, errors, parameters=list(parameters))}


def _parameter(name: str, schema: dict[str, Any], where: str = "query") -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def document(models: str | None, tiers: Mapping[str, Decimal]) -> dict[str, Any]:
    """OpenAPI 3.1; `models` is a pattern of the models with a price, None where that is not known.

    With `service_tokens` configured, every path but /healthz also wants one of them.
    """
    tenant = _parameter("tenant_id", _ID, "path")
    states = {"enum": ["all", "ok", "warning", "exceeded", "at-risk"]}
    page = {"type": "integer", "minimum": 1, "maximum": 1000}
    paths = {
        "/api/ai-budget/check": _post(
            "check", "Reserve what a call may cost", "Check", {200: "Reservation"}, (403, 409, 422, 429)
        ),
        "/api/ai-budget/track": _post(
            "track", "Book what a call cost", "Track", {200: "Booking", 202: "Queued"}, (409, 422)
        ),
        "/api/ai-budget/set": _post(
            "set", "Set a monthly limit", "Set", {200: "Budget"}, (422,), security=[{"admin": []}]
        ),
        "/api/ai-budget/tenant/{tenant_id}": _get("tenant", "The budgets of a tenant", "Tenant", tenant),
        "/api/ai-budget/tenant/{tenant_id}/usage": _get(
            "usage", "A tenant's month by day, and its closed months", "Usage", tenant,
            _parameter("month", _MONTH),
        ),
        "/api/ai-budget/tenant/{tenant_id}/changes": _get(
            "changes", "Changes of a tenant's limits, and resets", "Changes", tenant,
            _parameter("limit", page),
        ),
        "/api/ai-budget/tenants": _get(
            "tenants", "Tenants by status", "Tenants", _parameter("status", states), _parameter("after", _ID),
            _parameter("limit", page),
        ),
        "/healthz": _get("healthz", "Whether the process answers", "Status", errors=()),
        "/readyz": _get("readyz", "Whether the database answers", "Status", errors=(503,)),
    }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "AI budget service", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": _schemas(models, tiers),
            "securitySchemes": {"admin": {"type": "http", "scheme": "bearer"}},
        },
    }
