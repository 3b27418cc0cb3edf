"""The settings of a client. Every one has a default."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class FailOpen(BaseModel):
    """Permits calls without a check while the service is unavailable, at most `max_calls` in each process.

    Each is first written to `audit_file`, one JSON object a line; a call that cannot be written is refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_calls: Annotated[int, Field(ge=1)]
    audit_file: Path


class Settings(BaseModel):
    """Times are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connect_timeout: Seconds = 1.0
    read_timeout: Seconds = 6.0
    """The service answers within 5 s, if only with a 503."""
    attempts: Annotated[int, Field(ge=1)] = 3
    """The most attempts of a request on the caller's path, while the service is unavailable."""
    wait_for_reserved: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """How long a check is repeated while the rest of the budget is reserved by calls in flight."""

    reservation_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    max_call_seconds: Seconds = 3600.0
    """The reservation of a call in flight is extended until the call has taken this long."""
    use_fallback_model: bool = False
    """The wrapper calls the `fallback_model` of a refusal, after a check of its own."""
    prompt_tokens: Literal["estimate", "count"] = "estimate"
    """How the wrapper gets the prompt tokens of a check: by the request's size or from `count_tokens`."""
    bytes_per_token: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 2.0
    """Of the estimate: English has 3 to 4. With 1 the estimate is never too low, whatever the text."""
    max_web_searches: Annotated[int, Field(ge=0)] = 10
    """Announced by the wrapper for a web search tool without `max_uses`."""

    cache_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    spool_directory: Path | None = None
    """Where calls are kept until the service has recorded them; by default in `~/.local/state`."""
    spool_max_calls: Annotated[int, Field(ge=1)] = 100_000
    spool_fsync: bool = False
    """Whether what a call has used outlives a crash of the machine too, not only the end of the process."""
    senders: Annotated[int, Field(ge=1, le=32)] = 4
    """Threads that send what is in the spool."""
    drain_timeout: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    """How long `close` waits for the spool to be sent; the next process sends the rest."""
    fail_open: FailOpen | None = None
