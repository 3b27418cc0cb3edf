"""Model names, token counts and what a call costs. Pure: the price rows are arguments."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

# Regional inference profiles, and model ids without a profile, cost 10 % more on Bedrock from Claude 4.5 on;
# `global.` profiles do not. Regional endpoints of Vertex AI and `inference_geo: "us"` of the Claude API do.
# https://platform.claude.com/docs/en/about-claude/pricing and
# https://platform.claude.com/docs/en/manage-claude/data-residency, read 2026-11-28
REGIONAL_MULTIPLIER = Decimal("1.1")
_REGIONAL_SINCE = (4, 5)
_NOT_REGIONAL = {"", "global", "not_available"}

# The snapshot that an undated name of the third generation stands for.
# https://platform.claude.com/docs/en/about-claude/model-deprecations, read 2026-11-28
LAST_SNAPSHOTS = {
    "claude-3-5-haiku": "20241022",
    "claude-3-5-sonnet": "20241022",
    "claude-3-7-sonnet": "20250219",
    "claude-3-haiku": "20240307",
    "claude-3-opus": "20240229",
    "claude-3-sonnet": "20240229",
}

_CLAUDE = re.compile(
    r"(?P<bedrock>((?P<profile>[a-z]{2,6}(-gov)?)\.)?anthropic\.)?claude-"
    r"((?P<family>[a-z]+)-(?P<version>\d{1,2}([-.]\d{1,2})?)|(?P<old_version>\d([-.]\d)?)-(?P<old_family>[a-z]+))"
    r"([-@](?P<date>\d{8}|\d{4}-\d{2}-\d{2})|[-@](latest|default)|-v\d+)*(:\d+k?)*(:beta|:thinking)?"
)
_GATEWAY = re.compile(r"^((bedrock|vertex_ai|anthropic)/)+(?=.)")

_MTOK = Decimal(1_000_000)
_BATCH_MULTIPLIER = Decimal("0.5")
_PLACES = Decimal("0.000000000001")
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_PerMtok = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6)]


class ModelName(NamedTuple):
    """The name that budgets and usage are kept under, and by what its token prices are multiplied."""

    canonical: str
    multiplier: Decimal


@lru_cache(maxsize=4096)
def canonical_model(name: str, inference_geo: str = "") -> ModelName:
    """The one name of a model, whether it was called by an alias or through Bedrock, Vertex AI or a gateway.

    Claude 3 models keep the date of their snapshot (`claude-3-5-sonnet-20241022`); later ones have one
    snapshot each and are named without it (`claude-sonnet-4-5`). Other names are returned without a gateway's
    prefix. `inference_geo` is where the call ran, if its name does not say so: "us" or a Vertex AI region.
    """
    match = _CLAUDE.fullmatch(name.strip().lower().rpartition("/")[2])
    version = _version(match)
    if not match or version < (3,):
        return ModelName(_GATEWAY.sub("", name.strip()), Decimal(1))
    family = match["family"] or match["old_family"]
    number = "-".join(map(str, version)).removesuffix("-0")
    regional_profile = match["bedrock"] and match["profile"] != "global"
    regional = regional_profile or inference_geo.lower() not in _NOT_REGIONAL
    multiplier = REGIONAL_MULTIPLIER if regional and version >= _REGIONAL_SINCE else Decimal(1)
    if version >= (4,):
        return ModelName(f"claude-{family}-{number}", multiplier)
    undated = f"claude-{number}-{family}"
    date = (match["date"] or LAST_SNAPSHOTS.get(undated, "")).replace("-", "")
    return ModelName(f"{undated}-{date}".removesuffix("-"), multiplier)


def _version(match: re.Match[str] | None) -> tuple[int, ...]:
    """(4, 5) of `claude-sonnet-4-5` and `claude-4.5-sonnet`."""
    return tuple(map(int, re.split("[-.]", match["version"] or match["old_version"]))) if match else ()


class CallTokens(NamedTuple):
    """What a call used or will use at most. Prompt tokens are without those of the cache."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0  # for five minutes
    cache_write_1h_tokens: int = 0
    web_search_requests: int = 0
    service_tier: str = "standard"
    speed: str = "standard"
    inference_geo: str = ""

    @classmethod
    def of(cls, call: Any) -> Self:
        """Those of an object with attributes of the same names."""
        return cls(*(getattr(call, field) for field in cls._fields))

    @property
    def input(self) -> int:
        """All input tokens, those of the cache included: what long-context prices go by."""
        return (
            self.prompt_tokens + self.cache_read_tokens + self.cache_write_tokens + self.cache_write_1h_tokens
        )


def _input_times(ratio: str) -> Any:
    return Field(default_factory=lambda price: price["input_usd_per_mtok"] * Decimal(ratio))


class Price(BaseModel):
    """USD per million tokens. Cache prices left out are 0.1, 1.25 and 2 times the input price."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_usd_per_mtok: _PerMtok
    output_usd_per_mtok: _PerMtok
    cache_read_usd_per_mtok: _PerMtok = _input_times("0.1")
    cache_write_usd_per_mtok: _PerMtok = _input_times("1.25")
    cache_write_1h_usd_per_mtok: _PerMtok = _input_times("2")
    web_search_usd_per_1000: _PerMtok = Decimal(10)
    fast_multiplier: Annotated[Decimal, Field(ge=1, le=100)] | None = None

    def cost(self, tokens: CallTokens, multiplier: Decimal) -> Decimal | None:
        """USD to 12 decimals, not falling in any count; None if there is no price for this speed."""
        if tokens.speed == "fast":
            if self.fast_multiplier is None:
                return None
            multiplier *= self.fast_multiplier
        if tokens.service_tier == "batch":
            multiplier *= _BATCH_MULTIPLIER
        for_tokens = (
            tokens.prompt_tokens * self.input_usd_per_mtok
            + tokens.completion_tokens * self.output_usd_per_mtok
            + tokens.cache_read_tokens * self.cache_read_usd_per_mtok
            + tokens.cache_write_tokens * self.cache_write_usd_per_mtok
            + tokens.cache_write_1h_tokens * self.cache_write_1h_usd_per_mtok
        )
        for_searches = tokens.web_search_requests * self.web_search_usd_per_1000 / 1000
        return (for_tokens * multiplier / _MTOK + for_searches).quantize(_PLACES, ROUND_HALF_UP)


class _Tier(NamedTuple):
    """A price since an instant, for calls with more than a number of input tokens; of 0: for all."""

    effective_from: datetime
    above: int
    price: Price


class PriceBook:
    """Prices of calls. `rows` are those of ai_model_prices; an override replaces all rows of its model."""

    def __init__(self, rows: Iterable[Sequence[Any]], overrides: Mapping[str, Price]) -> None:
        self._tiers: dict[str, list[_Tier]] = {}
        for model, effective_from, above, *amounts in rows:
            price = Price.model_construct(**dict(zip(Price.model_fields, amounts, strict=True)))
            self._tiers.setdefault(model, []).append(_Tier(effective_from, above, price))
        for tiers in self._tiers.values():
            tiers.sort(key=lambda tier: tier[:2], reverse=True)
        for name, price in overrides.items():
            self._tiers[canonical_model(name).canonical] = [_Tier(_ALWAYS, 0, price)]

    def cost(self, model: ModelName, tokens: CallTokens, at: datetime) -> Decimal | None:
        """USD for a call made at an instant, or None if the model, or its fast mode, has no price."""
        price = next(self._in_force(model, tokens, at), None)
        return price.cost(tokens, model.multiplier) if price else None

    def worst_case(
        self, model: ModelName, tokens: CallTokens, at: datetime, until: datetime
    ) -> Decimal | None:
        """The most that a call costs that uses at most these tokens and is made between two instants.

        A call with fewer input tokens may fall into another long-context tier, and a price may change before
        it is made: this is the highest of all those prices. None if one of them is unknown.
        """
        changes = {tier.effective_from for tier in self._tiers.get(model.canonical, ())}
        costs = [
            price.cost(tokens, model.multiplier)
            for instant in [at, *(change for change in changes if at < change <= until)]
            for price in self._in_force(model, tokens, instant)
        ]
        known = [cost for cost in costs if cost is not None]
        return max(known) if costs and len(known) == len(costs) else None

    def _in_force(self, model: ModelName, tokens: CallTokens, at: datetime) -> Iterator[Price]:
        """The prices at an instant of calls with at most these input tokens, that of the longest first."""
        tiers = [tier for tier in self._tiers.get(model.canonical, ()) if tier.effective_from <= at]
        for effective_from, above, price in tiers:
            if effective_from == tiers[0].effective_from and (not above or tokens.input > above):
                yield price
