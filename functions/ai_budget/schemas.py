"""Requests and responses of the API. The OpenAPI document is generated from them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from functions.ai_budget.pricing import CallTokens
from functions.ai_budget.usage import AnthropicUsage, WholeFloat
from functions.ai_budget.usage import Count as Tokens

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$")]
ModelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,255}$")]
ModelOrAll = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,255})$")]
Seconds = Annotated[int, Field(ge=1, le=86_400, strict=True), WholeFloat]
Limit = Annotated[
    Decimal, Field(ge=0, le=1_000_000_000), AfterValidator(lambda usd: usd.quantize(Decimal("1e-9")))
]
Month = Annotated[str, Field(pattern=r"^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$", examples=["2026-11"])]
Usd = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


def percentage(spent: Decimal, limit: Decimal) -> Decimal:
    """100 × spent / limit, half-up to two decimals; a budget of 0 is used up."""
    return (100 * spent / limit).quantize(Decimal("0.01"), ROUND_HALF_UP) if limit else Decimal(100)


Percentage = Annotated[
    Usd, Field(default_factory=lambda row: percentage(row["current_usage_usd"], row["monthly_limit_usd"]))
]


def _any_of(*variants: tuple[Sequence[str], Sequence[str]]) -> ConfigDict:
    """JSON Schema: in each variant the first fields are there and not null, the others absent or null."""
    given, absent = {"not": {"type": "null"}}, {"type": "null"}
    schemas: list[Any] = []
    for fields, without in variants:
        properties = dict.fromkeys(fields, given) | dict.fromkeys(without, absent)
        schemas.append({"required": list(fields), "properties": properties})
    return ConfigDict(json_schema_extra={"anyOf": schemas})


class Strict(BaseModel):
    """What others write: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Call(Strict):
    tenant_id: Identifier
    model: ModelId
    speed: Literal["standard", "fast"] = "standard"
    inference_geo: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""
    report_type: Identifier | None = None
    request_id: Identifier | None = None


class CheckRequest(_Call):
    """The most that a call can use. What is left out is 0, except the completion, which is then estimated."""

    estimated_prompt_tokens: Tokens
    max_completion_tokens: Tokens | None = None
    expected_cache_read_tokens: Tokens = 0
    expected_cache_write_tokens: Tokens = 0
    expected_cache_write_1h_tokens: Tokens = 0
    max_web_searches: Tokens = 0
    service_tier: Literal["standard", "batch"] = "standard"
    reservation_seconds: Seconds | None = None
    dry_run: Annotated[bool, Field(strict=True)] = False


class CheckResponse(BaseModel):
    """`reservation_id` is null for a dry run."""

    allowed: bool = True
    reservation_id: UUID | None
    reserved_usd: Usd
    remaining_usd: Usd
    percentage_used: Usd
    expires_at: datetime


class TrackRequest(_Call):
    """What a call used: the token counts, or the `usage` object of an Anthropic response."""

    model_config = _any_of(
        (["prompt_tokens", "completion_tokens"], ["usage"]), (["usage"], CallTokens._fields)
    )

    prompt_tokens: Tokens | None = None
    completion_tokens: Tokens | None = None
    cache_read_tokens: Tokens = 0
    cache_write_tokens: Tokens = 0
    cache_write_1h_tokens: Tokens = 0
    web_search_requests: Tokens = 0
    service_tier: Literal["standard", "batch", "priority"] = "standard"
    usage: AnthropicUsage | None = None
    reservation_id: UUID | None = None

    @model_validator(mode="after")
    def _counts_or_usage(self) -> Self:
        counts = self.model_fields_set.intersection(CallTokens._fields)
        if self.usage is not None and any(getattr(self, count) is not None for count in counts):
            raise ValueError("usage: send either the usage object or the token counts, not both")
        if self.usage is None and (self.prompt_tokens is None or self.completion_tokens is None):
            raise ValueError("prompt_tokens and completion_tokens are required unless usage is sent")
        return self

    def tokens(self) -> CallTokens:
        """The counts to charge."""
        return CallTokens.of(self) if self.usage is None else self.usage.tokens()


class QueuedTrack(TrackRequest):
    """A track that waited in the queue."""

    tracked_at: AwareDatetime


class TrackResponse(BaseModel):
    """`cost_usd` is null for a call without a price; `reservation` is null if none was named."""

    recorded: bool = True
    cost_usd: Usd | None
    month: Month
    reservation: Literal["settled", "expired", "released", "unknown"] | None
    unpriced: bool


class QueuedResponse(BaseModel):
    recorded: Literal[False] = False
    queued: Literal[True] = True
    request_id: str


class ReleaseRequest(Strict):
    tenant_id: Identifier
    reservation_id: UUID


class ReleaseResponse(BaseModel):
    """`unknown`: this tenant has no such reservation."""

    reservation: Literal["released", "settled", "unknown"]


class ExtendRequest(ReleaseRequest):
    """The reservation ends `reservation_seconds` from now, or when it would have ended if that is later."""

    reservation_seconds: Seconds


class ExtendResponse(BaseModel):
    reservation: Literal["extended"] = "extended"
    expires_at: datetime


class SetRequest(Strict):
    """A limit, a temporary raise of it, or both. `raise_usd` of 0 ends a raise."""

    model_config = _any_of((["monthly_limit_usd"], ["raise_usd"]), (["raise_usd", "raise_until"], []))

    tenant_id: Identifier
    model: ModelOrAll
    monthly_limit_usd: Limit | None = None
    tier: Annotated[str, Field(max_length=64)] | None = None
    raise_usd: Limit | None = None
    raise_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _limit_or_raise(self) -> Self:
        if self.monthly_limit_usd is None and self.raise_usd is None:
            raise ValueError("monthly_limit_usd or raise_usd is required")
        if self.raise_usd and self.raise_until is None:
            raise ValueError("raise_until is required with raise_usd")
        return self


class BudgetEntry(BaseModel):
    """A budget in its current month. `monthly_limit_usd` includes a raise that is in force."""

    model: str
    monthly_limit_usd: Usd
    current_usage_usd: Annotated[Usd, Field(validation_alias="spent_usd")]
    percentage_used: Percentage
    token_count_input: int = 0
    token_count_output: int = 0
    reset_date: datetime
    status: Literal["ok", "warning", "exceeded"]
    soft_limit_notified: bool = False
    hard_limit_reached: bool
    raise_usd: Annotated[Usd | None, Field(exclude_if=lambda usd: usd is None)] = None
    raise_until: Annotated[datetime | None, Field(exclude_if=lambda until: until is None)] = None


class TenantResponse(BaseModel):
    """The totals leave out the budget `*`, which counts the others' money again, if there are others."""

    tenant_id: str
    budgets: list[BudgetEntry]
    total_usage_usd: Usd
    total_limit_usd: Usd


class TenantsResponse(BaseModel):
    """`next` is the `after` of the following page, null on the last."""

    tenants: list[TenantResponse]
    next: str | None


class UsageDay(_Row):
    date: date
    model: str
    report_type: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: Usd


class ClosedMonth(_Row):
    month: Month
    model: str
    monthly_limit_usd: Usd
    spent_usd: Usd
    token_count_input: int
    token_count_output: int


class UsageResponse(BaseModel):
    """Calls count in the month in which they were recorded."""

    tenant_id: str
    month: Month
    complete: bool
    total_cost_usd: Usd
    days: list[UsageDay]
    closed_months: list[ClosedMonth]


class BudgetChange(_Row):
    changed_at: datetime
    changed_by: str
    source: Literal["api", "sql"]
    model: str
    field: str
    old_value: str | None
    new_value: str | None


class ChangesResponse(BaseModel):
    tenant_id: str
    changes: list[BudgetChange]


class UnpricedModel(_Row):
    model: str
    calls: int
    tokens: int
    tenants: int
    oldest: datetime


class UnpricedResponse(BaseModel):
    models: list[UnpricedModel]


class RepriceResponse(BaseModel):
    repriced: int
    cost_usd: Usd
    still_unpriced: int


class StatusResponse(BaseModel):
    status: Literal["ok", "ready"]
