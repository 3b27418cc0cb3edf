"""Reading request bodies: strict JSON, known fields, the right types. Every error names the field."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from functions.ai_budget.answers import Refusal, invalid

IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}"
MAX_BODY = 64 * 1024
MAX_TOKENS = 100_000_000
MAX_LIMIT = 1_000_000_000
REQUIRED = object()
_NANO = Decimal("0.000000001")
_matches = re.compile(IDENTIFIER).fullmatch
_is_uuid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


class _NotANumber:
    """A literal that JSON does not know, or a number outside any range, until its field is known."""


def identifier(field: str, value: Any) -> str:
    """An id of 1 to 128 letters, digits and . _ : @ -, starting with a letter or digit."""
    if type(value) is not str:
        raise invalid(field, "must be a string")
    if not _matches(value):
        raise invalid(
            field, "must be 1 to 128 letters, digits, . _ : @ or -, starting with a letter or digit"
        )
    return value


def _tokens(field: str, value: Any) -> int:
    if type(value) is not int and type(value) is not Decimal:
        raise invalid(field, "must be a whole number")
    if not 0 <= value <= MAX_TOKENS:
        raise invalid(field, f"must be between 0 and {MAX_TOKENS}")
    if value != int(value):  # 3.0 is a whole number in JSON Schema
        raise invalid(field, "must be a whole number")
    return int(value)


def _limit(field: str, value: Any) -> Decimal:
    if type(value) is int:
        value = Decimal(value)
    if type(value) is not Decimal:
        raise invalid(field, "must be a number")
    if not 0 <= value <= MAX_LIMIT:
        raise invalid(field, f"must be between 0 and {MAX_LIMIT}")
    return value.quantize(_NANO)  # a client's binary fraction has more digits than it means


def _reservation(field: str, value: Any) -> str:
    if type(value) is not str or not _is_uuid(value):
        raise invalid(field, "must be the reservation_id that a check returned")
    return value


def _tier(field: str, value: Any) -> str:
    if type(value) is not str:
        raise invalid(field, "must be a string")
    return value.lower()


def moment(field: str, value: Any) -> datetime:
    """An instant with its offset, ISO 8601."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid(field, "must be an instant") from None
    if at.tzinfo is None:
        raise invalid(field, "must have an offset from UTC")
    return at


Field = tuple[Callable[[str, Any], Any], Any]
CHECK: dict[str, Field] = {
    "tenant_id": (identifier, REQUIRED),
    "model": (identifier, REQUIRED),
    "estimated_prompt_tokens": (_tokens, REQUIRED),
    "max_completion_tokens": (_tokens, None),
    "report_type": (identifier, ""),
    "request_id": (identifier, None),
}
TRACK: dict[str, Field] = {
    "tenant_id": (identifier, REQUIRED),
    "model": (identifier, REQUIRED),
    "prompt_tokens": (_tokens, REQUIRED),
    "completion_tokens": (_tokens, REQUIRED),
    "cache_read_tokens": (_tokens, 0),
    "cache_write_tokens": (_tokens, 0),
    "report_type": (identifier, ""),
    "reservation_id": (_reservation, None),
    "request_id": (identifier, None),
}
SET: dict[str, Field] = {
    "tenant_id": (identifier, REQUIRED),
    "model": (identifier, REQUIRED),
    "monthly_limit_usd": (_limit, REQUIRED),
    "tier": (_tier, None),
}


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise invalid(next(n for n in names if names.count(n) > 1), "occurs more than once")
    return found


def _fraction(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return _NotANumber()


def _not_a_number(_: str) -> Any:
    return _NotANumber()


_decode = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_float=_fraction,
    parse_int=lambda text: int(text) if len(text) < 32 else _NotANumber(),
    parse_constant=_not_a_number,
).decode
_decode_short = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_fraction, parse_constant=_not_a_number
).raw_decode


def _value(text: str) -> Any:
    """The JSON value. Only a long text can hold an integer that is too long for Python."""
    if len(text) < 1024:
        try:
            found, end = _decode_short(text)
        except ValueError:
            return _decode(text)
        if end == len(text):
            return found
    return _decode(text)


def read(raw: bytes, fields: dict[str, Field]) -> dict[str, Any]:
    """The values of a JSON object with exactly the given fields, defaults filled in. Raises Refusal (400)."""
    try:
        found = _value(raw.decode())
    except UnicodeDecodeError:
        raise invalid("body", "must be UTF-8") from None
    except RecursionError:
        raise invalid("body", "is nested too deeply") from None
    except ValueError as error:
        where = (
            f" (line {error.lineno} column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise invalid("body", f"must be JSON{where}") from None
    if type(found) is not dict:
        raise invalid("body", "must be a JSON object")
    values = {}
    for name, (parse, default) in fields.items():
        if name in found:
            values[name] = parse(name, found[name])
        elif default is REQUIRED:
            raise invalid(name, "is missing")
        else:
            values[name] = default
    if len(found) > len(fields) or not found.keys() <= fields.keys():
        raise invalid(next(name for name in found if name not in fields), "is not a field of this request")
    return values


def query(
    text: str, allowed: dict[str, Callable[[str, str], Any]], defaults: dict[str, Any]
) -> dict[str, Any]:
    """The values of a query string. Raises Refusal (400)."""
    from urllib.parse import parse_qsl

    values = dict(defaults)
    seen: set[str] = set()
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=16
        )
    except (ValueError, UnicodeDecodeError):
        raise Refusal(400, "invalid_request", "query: must be name=value pairs", "query") from None
    for name, value in pairs:
        if name not in allowed:
            raise invalid(name, "is not a parameter of this request")
        if name in seen:
            raise invalid(name, "occurs more than once")
        seen.add(name)
        values[name] = allowed[name](name, value)
    return values
