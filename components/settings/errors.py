"""Turns the validation errors of the stack config into one line for its author."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.settings.types import ConstraintError

MAX_SHOWN = 3
_REQUIREMENTS = {
    "model_type": "must be a section with keys of its own",
    "dict_type": "must be a section with keys of its own",
    "tuple_type": "must be a list",
    "bool_type": "must be true or false",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}


class SettingsError(Exception):
    """The stack config is invalid; the text is one line with the config key, the value and the fix."""

    user_error = True


def explain(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    """All errors of `error` in one line; keys are written as in the stack file, after `prefix`.

    A misspelt key is reported once, not also as the missing key that was meant.
    """
    errors = error.errors(include_url=False)
    unknown = [details["loc"] for details in errors if details["type"] == "extra_forbidden"]
    misspelt = {location: _closest_key(model, location) for location in unknown}
    meant = {(*location[:-1], key) for location, key in misspelt.items()}
    lines = [
        f"{prefix}{_path(location)}: unknown key; {_suggestion(model, location, key)}"
        for location, key in misspelt.items()
    ]
    lines += [
        _explain_one(details, prefix)
        for details in errors
        if details["loc"] not in misspelt and not (details["type"] == "missing" and details["loc"] in meant)
    ]
    if len(lines) > MAX_SHOWN:
        lines[MAX_SHOWN:] = [f"and {len(lines) - MAX_SHOWN} more"]
    return "; ".join(lines)


def _explain_one(error: ErrorDetails, prefix: str) -> str:
    location = [part for part in error["loc"] if part != "[key]"]
    if error["type"] == "missing":
        return f"{prefix}{_path(location)}: is missing"
    value = error["input"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    cause = context.get("error")
    requirement = _REQUIREMENTS.get(error["type"], "").format_map(context) or str(cause or error["msg"])
    if isinstance(cause, ConstraintError):
        location.append(cause.key)
        value = cause.value
    return f"{prefix}{_path(location)}: {_shown(value)} is invalid: {requirement}"


def _path(location: Sequence[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that the section at `location` may have."""
    annotation: Any = model
    for part in location:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(part)].annotation
        else:  # tuple[Item, ...] or Mapping[str, Item], in a union with None where optional
            annotation = next(arg for arg in reversed(get_args(annotation)) if arg not in (..., type(None)))
        sections = [
            arg for arg in get_args(annotation) if isinstance(arg, type) and issubclass(arg, BaseModel)
        ]
        if isinstance(annotation, UnionType):
            annotation = sections[0]
    return sorted(field.alias or name for name, field in annotation.model_fields.items())


def _closest_key(model: type[BaseModel], location: Sequence[int | str]) -> str | None:
    """The known key that is most similar to the last part of `location`, if any is."""
    *section, unknown = location
    return next(iter(get_close_matches(str(unknown), _keys_at(model, section), n=1)), None)


def _suggestion(model: type[BaseModel], location: Sequence[int | str], key: str | None) -> str:
    return f"did you mean {key}?" if key else f"known keys are {', '.join(_keys_at(model, location[:-1]))}"
