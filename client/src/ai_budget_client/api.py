"""Requests and responses of the AI budget service. Money is Decimal USD; token counts are whole numbers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from ai_budget_client.errors import InvalidRequest, Usd

MAX_TOKENS = 100_000_000  # of one count, in the service
Tokens = Annotated[int, Field(ge=0, le=MAX_TOKENS)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$")]
_IDENTIFIER = TypeAdapter(Identifier)


class CheckRequest(BaseModel):
    """The most that a call can use. `prompt_tokens` are the input tokens outside the cache."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    tenant: Annotated[Identifier, Field(serialization_alias="tenant_id")]
    model: str
    prompt_tokens: Annotated[Tokens, Field(serialization_alias="estimated_prompt_tokens")]
    max_tokens: Annotated[Tokens, Field(serialization_alias="max_completion_tokens")]
    cache_read_tokens: Annotated[Tokens, Field(serialization_alias="expected_cache_read_tokens")] = 0
    cache_write_tokens: Annotated[Tokens, Field(serialization_alias="expected_cache_write_tokens")] = 0
    cache_write_1h_tokens: Annotated[Tokens, Field(serialization_alias="expected_cache_write_1h_tokens")] = 0
    max_web_searches: Tokens = 0
    service_tier: Literal["standard", "batch"] = "standard"
    speed: Literal["standard", "fast"] = "standard"
    inference_geo: str = ""
    report_type: Identifier | None = None
    request_id: Identifier
    reservation_seconds: Annotated[int, Field(ge=1, le=86_400)]
    dry_run: bool = False

    def body(self) -> dict[str, Any]:
        """As the service expects it."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def maximum(self) -> dict[str, Any]:
        """The track of a call that used all that it announced."""
        used = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.max_tokens,
            "cache_read_tokens": self.cache_read_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "cache_write_1h_tokens": self.cache_write_1h_tokens,
            "web_search_requests": self.max_web_searches,
            "service_tier": self.service_tier,
            "speed": self.speed,
            "inference_geo": self.inference_geo,
        }
        return self.attribution() | used

    def attribution(self) -> dict[str, Any]:
        """What every track of this call has."""
        attribution = {"tenant_id": self.tenant, "model": self.model, "request_id": self.request_id}
        return attribution | ({"report_type": self.report_type} if self.report_type else {})


class Announced(TypedDict, total=False):
    """What a check can say besides the tenant, the model and the tokens. `request_id`: one for each call."""

    report_type: str | None
    request_id: str | None
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    max_web_searches: int
    service_tier: Literal["standard", "batch"]
    speed: Literal["standard", "fast"]
    inference_geo: str


def check_request(**fields: Any) -> CheckRequest:
    """Raises InvalidRequest that names the first field that is wrong."""
    try:
        return CheckRequest.model_validate({"request_id": uuid.uuid4().hex} | fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidRequest(f"{field}: {first['msg']}", field=field) from None


def require_identifiers(**values: Any) -> None:
    """Raises InvalidRequest that names the first value that is no id of the service."""
    for name, value in values.items():
        try:
            _IDENTIFIER.validate_python(value, strict=True)
        except ValidationError as error:
            message = f"{name}: {error.errors(include_url=False)[0]['msg']}"
            raise InvalidRequest(message, field=name) from None


def limit_body(tenant: str, model: str, monthly_limit_usd: Any, tier: str | None) -> dict[str, Any]:
    """The body of `set`."""
    body = {"tenant_id": tenant, "model": model, "monthly_limit_usd": str(monthly_limit_usd)}
    return body | ({"tier": tier} if tier else {})


def usage_dict(usage: Any) -> dict[str, Any]:
    """The `usage` of an Anthropic response as the service takes it: a mapping or a pydantic model.

    Raises InvalidRequest without its `input_tokens` and `output_tokens`, TypeError for anything else.
    """
    if isinstance(usage, Mapping):
        fields = {key: value for key, value in usage.items() if value is not None}
    elif isinstance(usage, BaseModel):
        fields = usage.model_dump(mode="json", exclude_none=True)
    else:
        raise TypeError(
            f"usage: expected a mapping or the usage of an Anthropic response, not {type(usage).__name__}"
        )
    for name in ("input_tokens", "output_tokens"):
        _require_count(f"usage.{name}", fields.get(name))
    return fields


def token_counts(prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
    """The counts as the service takes them. Raises InvalidRequest."""
    counts = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    for name, value in counts.items():
        _require_count(name, value)
    return counts


def _require_count(field: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= MAX_TOKENS or value % 1:
        raise InvalidRequest(f"{field}: expected a number of tokens, not {value!r}", field=field)


class Reservation(BaseModel):
    """The answer to a check that is allowed. A dry run and an unchecked call have no `reservation_id`."""

    reservation_id: str | None
    reserved_usd: Usd | None = None
    remaining_usd: Usd | None = None
    percentage_used: Usd | None = None
    expires_at: datetime | None = None
    warning: bool = False


class Extended(BaseModel):
    """The answer to an extension."""

    expires_at: datetime


class BudgetStatus(BaseModel):
    """A budget in its current month."""

    model: str
    monthly_limit_usd: Usd
    current_usage_usd: Usd
    percentage_used: Usd
    token_count_input: int
    token_count_output: int
    reset_date: datetime
    status: Literal["ok", "warning", "exceeded"]
    soft_limit_notified: bool
    hard_limit_reached: bool
    raise_usd: Usd | None = None
    raise_until: datetime | None = None


class TenantStatus(BaseModel):
    """A tenant's budgets."""

    tenant_id: str
    budgets: list[BudgetStatus]
    total_usage_usd: Usd
    total_limit_usd: Usd

    @property
    def warning(self) -> bool:
        """Whether a budget is above its warning."""
        return any(budget.status != "ok" for budget in self.budgets)
