"""Reads the YAML files of a user; an error is one line with the file, the key and the problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from teei_finops.errors import UserError


class SettingError(UserError):
    """A file of the review cannot be used; the message is one line with the file, the key and the fix."""


def load(path: Path) -> Any:
    """The parsed file. Raises `SettingError` when it cannot be read or is not YAML."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
        return yaml.load(text, Loader=_loader())
    except OSError as error:
        raise SettingError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingError(f"{path}: not a text file") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise SettingError(f"{path}:{where} not YAML: {' '.join(str(problem).split())}") from None


def _loader() -> Any:
    import yaml

    safe_loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader  # libyaml is faster

    class Loader(safe_loader):
        """Rejects a duplicate key, of which PyYAML would keep the last value."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = key_node.value
                if key in seen and key != "<<":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key!r} is duplicated", key_node.start_mark
                    )
                seen.add(key)
            return super().construct_mapping(node, deep)

    return Loader


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the most similar known name, empty when none is similar.

    A name with the same letters in another order is the most similar one.
    """
    names, letters = {name.lower(): name for name in known}, sorted(word.lower())
    matches = get_close_matches(word.lower(), names, n=5, cutoff=0.5)
    if not matches:
        return ""
    best = max(matches, key=lambda name: sorted(name) == letters)
    return f"; did you mean {names[best]!r}?"


def mapping(value: Any, where: str, keys: Iterable[str] | None = None) -> dict[str, Any]:
    """A mapping with text keys, which are all among `keys` when given."""
    if not isinstance(value, Mapping):
        raise SettingError(f"{where}: must be a mapping of key: value")
    for key in value:
        if not isinstance(key, str):
            raise SettingError(f"{where}: key {key!r} must be text")
        if keys is not None and key not in keys:
            raise SettingError(f"{where}: unknown key {key!r}{near(key, keys) or known(keys)}")
    return dict(value)


def known(keys: Iterable[str]) -> str:
    return f"; known: {', '.join(sorted(keys))}"


def plain_number(value: Decimal) -> int | float:
    """A number as YAML writes it, rounded to six decimals: finer than any billing meter."""
    rounded = round(value, 6)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def version_1(document: dict[str, Any], where: str) -> None:
    value = document.get("version")
    if value != 1 or isinstance(value, bool):
        raise SettingError(f"{where}: version must be 1")


def text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingError(f"{where}: must be text, not {value!r}")
    return value


def number(value: Any, where: str, *, maximum: Decimal = Decimal("1e15")) -> Decimal:
    """A number from 0 to `maximum`."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise SettingError(f"{where}: must be a number of 0 or more, not {value!r}")
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        parsed = Decimal("NaN")
    if not parsed.is_finite() or not 0 <= parsed <= maximum:
        limit = "" if maximum == Decimal("1e15") else f" to {maximum:f}"
        raise SettingError(f"{where}: must be a number of 0{limit or ' or more'}, not {value!r}")
    return parsed


def one_of(value: Any, allowed: Iterable[str], where: str) -> str:
    if value not in allowed:
        raise SettingError(f"{where}: must be one of {', '.join(allowed)}, not {value!r}")
    return value


def flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise SettingError(f"{where}: must be true or false, not {value!r}")
    return value


def day(value: Any, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise SettingError(f"{where}: must be a date such as 2026-12-31, not {value!r}") from None
