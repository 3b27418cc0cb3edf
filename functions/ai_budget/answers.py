"""What the service answers: the JSON forms of money, times and errors."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

JSON = "application/json"


class Answer(NamedTuple):
    """`body` is a JSON value, or text of the given type."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}
    content_type: str = JSON


class Text(str):
    """A JSON value that is written already."""

    __slots__ = ()


class Refusal(Exception):
    """A request that is answered with an error; `field` is the part of the request that is wrong."""

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        body: dict[str, Any] = {"error": error, "message": message}
        if field is not None:
            body["field"] = field
        self.answer = Answer(status, body | more, headers or {})


def invalid(field: str, message: str) -> Refusal:
    """A 400 that names the field."""
    return Refusal(400, "invalid_request", f"{field[:64]}: {message}", field[:64])


def number(value: Decimal) -> str:
    """The exact decimal, trailing zeros cut, at least one decimal, never an exponent."""
    text = format(value, "f")
    if "." not in text:
        return text + ".0"
    text = text.rstrip("0")
    return text + "0" if text[-1] == "." else text


@lru_cache(4096)
def percentage(spent: Decimal, limit: Decimal) -> Decimal:
    """100 × spent / limit, half-up to two decimals; a budget of 0 is used up."""
    if not limit:
        return Decimal(100)
    return (100 * spent / limit).quantize(Decimal("0.01"), ROUND_HALF_UP)


@lru_cache(256)
def instant(at: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def dumps(value: Any) -> str:
    """JSON text; Decimal by `number`, datetime by `instant`."""
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(value)
    if kind is Text:
        return value
    if kind is Decimal:
        return number(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return repr(value)
    if value is None:
        return "null"
    if kind is datetime:
        return f'"{instant(value)}"'
    if kind is date:
        return f'"{value}"'
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{encode_basestring_ascii(k)}:{dumps(v)}" for k, v in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([dumps(v) for v in value]) + "]"
    raise TypeError(f"no JSON form for {kind.__name__}")
