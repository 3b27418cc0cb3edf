"""The `usage` object of an Anthropic response: which of its numbers are billed, and as what.

https://platform.claude.com/docs/en/api/messages and
https://platform.claude.com/docs/en/build-with-claude/compaction, read 2026-11-28
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from functions.ai_budget.pricing import CallTokens

# In JSON Schema 5.0 is an integer; true and "5" are not.
WholeFloat = BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n)
Count = Annotated[int, Field(ge=0, le=100_000_000, strict=True), WholeFloat]
Text = Annotated[str, Field(max_length=64, strict=True)]


def _allow_nulls(schema: dict[str, Any]) -> None:
    nullable = {key: {"anyOf": [value, {"type": "null"}]} for key, value in schema["properties"].items()}
    schema["properties"] = nullable


class _Part(BaseModel):
    """Unknown keys are ignored; null is the same as an absent key."""

    model_config = ConfigDict(extra="ignore", frozen=True, json_schema_extra=_allow_nulls)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None}


def _require_counts(schema: dict[str, Any]) -> None:
    _allow_nulls(schema)
    counts = ("input_tokens", "output_tokens")
    schema["anyOf"] = [{"required": [count], "properties": {count: {"type": "integer"}}} for count in counts]


class CacheCreation(_Part):
    ephemeral_5m_input_tokens: Count = 0
    ephemeral_1h_input_tokens: Count = 0


class ServerToolUse(_Part):
    web_search_requests: Count = 0


class Iteration(_Part):
    """One sampling step of a call, or the whole call."""

    type: Text = ""
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    cache_creation: CacheCreation = CacheCreation()

    @property
    def written_for_5m(self) -> int:
        """Tokens written to the cache for five minutes: also those without a lifetime."""
        detail = self.cache_creation
        rest = self.cache_creation_input_tokens - detail.ephemeral_1h_input_tokens
        return max(detail.ephemeral_5m_input_tokens, rest)


class AnthropicUsage(Iteration):
    """What a call used, as Anthropic returned it.

    Compaction is billed but only in `iterations`. Those of an advisor are calls of another model and are not
    counted: track them as calls of their own.
    """

    model_config = ConfigDict(json_schema_extra=_require_counts)

    server_tool_use: ServerToolUse = ServerToolUse()
    service_tier: Text = "standard"
    speed: Text = "standard"
    inference_geo: Text = ""
    iterations: list[Iteration] = []

    @model_validator(mode="after")
    def _has_counts(self) -> Self:
        if not {"input_tokens", "output_tokens"} & self.model_fields_set:
            raise ValueError(
                "input_tokens and output_tokens are missing; send usage as Anthropic returned it"
            )
        return self

    def tokens(self) -> CallTokens:
        """The counts to charge. Unknown service tiers and speeds are standard."""
        billed = [self, *(iteration for iteration in self.iterations if iteration.type == "compaction")]
        return CallTokens(
            prompt_tokens=sum(part.input_tokens for part in billed),
            completion_tokens=sum(part.output_tokens for part in billed),
            cache_read_tokens=sum(part.cache_read_input_tokens for part in billed),
            cache_write_tokens=sum(part.written_for_5m for part in billed),
            cache_write_1h_tokens=sum(part.cache_creation.ephemeral_1h_input_tokens for part in billed),
            web_search_requests=self.server_tool_use.web_search_requests,
            service_tier="batch" if self.service_tier == "batch" else "standard",
            speed="fast" if self.speed == "fast" else "standard",
            inference_geo=self.inference_geo,
        )
