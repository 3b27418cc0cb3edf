"""The configuration file of the service (TOML). Every key has a default; an unknown key is an error."""

import tomllib
from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationError

from functions.ai_budget.notifications import Notifications
from functions.ai_budget.pricing import Price
from functions.ai_budget.schemas import ModelId, Strict

ALL_TENANTS = "*"
Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=9)]


class ConfigError(ValueError):
    """The configuration is wrong; the message is one line that names the key."""


class Tiers(Strict):
    """Monthly limits in USD; `custom` is the least that a custom tier has."""

    starter: Usd = Decimal(500)
    professional: Usd = Decimal(2000)
    enterprise: Usd = Decimal(10000)
    custom: Usd = Decimal(50000)


class Thresholds(Strict):
    """Percent of the limit. Spending all of it is `exceeded`, whatever is set here."""

    warning_percent: Annotated[Decimal, Field(gt=0, lt=100)] = Decimal(80)


class CallerConfig(Strict):
    """A service that may call, for these tenants: ids, prefixes that end in `*`, or `*` for all.

    Its tokens are stored as their SHA-256 only; several are valid during a rotation.
    """

    name: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    tenants: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}\*?)$")], ...],
        Field(min_length=1),
    ]
    sha256: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = ()


class Config(Strict):
    """`prices`: by model, in place of the database's. With `callers`, every path but the probes needs a
    token. `https_url`: the address of the load balancer that ends TLS, if there is one in front."""

    reservation_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    max_open_reservations: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    default_model: ModelId = "claude-3-5-sonnet-20241022"
    default_monthly_limit_usd: Usd = Decimal(1000)
    estimate_percentile: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.95")
    default_completion_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    metrics_share_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(50)
    callers: tuple[CallerConfig, ...] = ()
    https_url: Annotated[str, Field(pattern="^https://[a-z0-9.-]+(:[0-9]+)?$")] | None = None
    tiers: Tiers = Tiers()
    thresholds: Thresholds = Thresholds()
    notifications: Notifications = Notifications()
    prices: dict[ModelId, Price] = Field(default_factory=dict)


def parse_config(text: str, *, name: str) -> Config:
    """Reads TOML. Raises ConfigError naming file and key, never a value: secrets are among them."""
    try:
        return Config.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        problem = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(f"{name}: {key}: {problem}") from None
