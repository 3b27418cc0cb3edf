"""The configuration file of the service (TOML). Every key has a default; an unknown one is an error."""

import tomllib
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from functions.ai_budget.bodies import IDENTIFIER
from functions.ai_budget.records import Rules

Id = Annotated[str, Field(pattern=f"^{IDENTIFIER}$")]
Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=9)]
PerMtok = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6)]


class ConfigError(ValueError):
    """The configuration is wrong; the message is one line that names the key."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceOverride(_Strict):
    """USD per million tokens. Cache prices left out are 0.1 × and 1.25 × the input price."""

    input_usd_per_mtok: PerMtok
    output_usd_per_mtok: PerMtok
    cache_read_usd_per_mtok: PerMtok | None = None
    cache_write_usd_per_mtok: PerMtok | None = None


class Tiers(_Strict):
    """Monthly limits in USD; `custom` is the least that a custom tier has."""

    starter: Usd = Decimal(500)
    professional: Usd = Decimal(2000)
    enterprise: Usd = Decimal(10000)
    custom: Usd = Decimal(50000)


class Thresholds(_Strict):
    """Percent of the limit. Spending all of it is `exceeded`, whatever is set here."""

    warning_percent: Annotated[Decimal, Field(gt=0, lt=100)] = Decimal(80)


class Notifications(_Strict):
    """Who is written to where ai_budget_contacts names nobody, and from where."""

    sender: str = "finops@teei.io"
    tenant_admin: str = "finops@teei.io"
    account_manager: str = "am-team@teei.io"


class Config(_Strict):
    """`prices`: by exact model id, before the database's. `service_tokens` close every path but /healthz."""

    reservation_lifetime_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    default_model: Id = "claude-3-5-sonnet-20241022"
    default_monthly_limit_usd: Usd = Decimal(1000)
    estimate_percentile: Annotated[float, Field(gt=0, le=1)] = 0.95
    default_completion_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    service_tokens: tuple[Annotated[str, Field(min_length=8)], ...] = ()
    tiers: Tiers = Tiers()
    thresholds: Thresholds = Thresholds()
    notifications: Notifications = Notifications()
    prices: dict[Id, PriceOverride] = {}

    @field_validator("estimate_percentile", mode="before")
    @classmethod
    def _percentile(cls, value: object) -> object:
        return float(value) if isinstance(value, Decimal) else value

    def rules(self) -> Rules:
        """The part that the ledger's statements need."""
        return Rules(
            default_model=self.default_model,
            default_limit=self.default_monthly_limit_usd,
            lifetime=timedelta(seconds=self.reservation_lifetime_seconds),
            warning_percent=self.thresholds.warning_percent,
            percentile=self.estimate_percentile,
            default_completion=self.default_completion_tokens,
        )


def parse_config(text: str, *, name: str) -> Config:
    """Reads TOML. Raises ConfigError naming file and key, never a value: tokens are among them."""
    try:
        return Config.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        problem = "is not a key of this file" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(f"{name}: {key}: {problem}") from None
