"""Turns what pydantic found wrong with the stack config into one line for the person who wrote it."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process

from components.settings.types import RefusedError

SHOWN = 3
_KINDS = {
    "missing": "is missing",
    "model_type": "allowed is a section with keys of its own",
    "dict_type": "allowed is a section with keys of its own",
    "tuple_type": "allowed is a list",
    "bool_type": "allowed is true or false",
    "too_short": "allowed are at least {min_length} values",
    "too_long": "allowed are at most {max_length} values",
}


class SettingsError(Exception):
    """The stack config is wrong; the text is one line with the config key, the value and what is allowed."""

    user_error = True


def explain(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    """All errors of `error` in one line; keys are written as in the stack file, behind `prefix`.

    A misspelt key stands for the key that it leaves missing.
    """
    found = error.errors(include_url=False)
    unknown = [each["loc"] for each in found if each["type"] == "extra_forbidden"]
    misspelt = {location: _meant(model, location) for location in unknown}
    meant = {(*location[:-1], key) for location, key in misspelt.items()}
    lines = [
        f"{prefix}{_path(location)}: there is no such key; {_hint(model, location, key)}"
        for location, key in misspelt.items()
    ]
    lines += [
        _explain_one(each, prefix)
        for each in found
        if each["loc"] not in misspelt and not (each["type"] == "missing" and each["loc"] in meant)
    ]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"and {len(lines) - SHOWN} more"]
    return "; ".join(lines)


def _explain_one(error: ErrorDetails, prefix: str) -> str:
    location = [part for part in error["loc"] if part != "[key]"]
    value = error["input"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    cause = context.get("error")
    text = _KINDS.get(error["type"], "").format_map(context) or str(cause or error["msg"])
    if isinstance(cause, RefusedError):
        location.append(cause.key)
        value = cause.value
    shown = "" if error["type"] == "missing" else f"{_shown(value)}; "
    return f"{prefix}{_path(location)}: {shown}{text}"


def _path(location: Sequence[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that the section at `location` knows."""
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


def _meant(model: type[BaseModel], location: Sequence[int | str]) -> str | None:
    """The known key that a misspelt one is near to."""
    *section, wrong = location
    match = process.extractOne(str(wrong), _keys_at(model, section), score_cutoff=60)
    return match[0] if match else None


def _hint(model: type[BaseModel], location: Sequence[int | str], meant: str | None) -> str:
    return f"did you mean {meant}?" if meant else f"allowed are {', '.join(_keys_at(model, location[:-1]))}"
