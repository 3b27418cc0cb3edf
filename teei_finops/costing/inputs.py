"""Typed reading of a resource's inputs, which distinguishes absent, unknown and secret values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from teei_finops.costing.amounts import LARGEST_QUANTITY, SECRET_VALUE, UNKNOWN_UNTIL_DEPLOY, ZERO, Unpriced
from teei_finops.costing.preview.values import is_secret, is_unknown, value_at

_REQUIRED: Any = object()


class Inputs:
    """Typed reading of a JSON object. An unknown or secret value raises `Unpriced` with its path."""

    def __init__(self, raw: Any, path: str = "") -> None:
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        self._path = path

    def where(self, path: str) -> str:
        return f"{self._path}.{path}" if self._path else path

    def value(self, path: str) -> Any:
        """The JSON value at `path` (`a.b`, `a.0.b`), None when it is not set."""
        value = self.raw.get(path) if "." not in path else value_at(self.raw, path)
        self._check_known((value,), path)
        return value

    def has(self, path: str) -> bool:
        """Whether the program sets it, known or not."""
        return value_at(self.raw, path) is not None

    def text(self, path: str, default: str = _REQUIRED) -> str:
        value = self.value(path)
        if isinstance(value, str) and value:
            return value
        return self._default(path, default, value)

    def number(self, path: str, default: Decimal | int = _REQUIRED) -> Decimal:
        """A finite number of 0 or more; text that is a number counts."""
        value = self.value(path)
        if value is None or value == "":
            default = self._default(path, default, None)
            return Decimal(default)
        number = _number(value)
        if number is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{self.where(path)} is not a number of 0 or more")
        return number

    def flag(self, path: str, default: bool = False) -> bool:
        value = self.value(path)
        if isinstance(value, str):
            return value.lower() == "true"
        return value if isinstance(value, bool) else default

    def items(self, path: str) -> list[Inputs]:
        """The objects of a list; a single object counts as a list of one, nothing as an empty list."""
        value = self.value(path)
        items = value if isinstance(value, list) else [] if value is None else [value]
        self._check_known(items, path)
        return [Inputs(item, f"{self.where(path)}[{index}]") for index, item in enumerate(items)]

    def texts(self, path: str) -> list[str]:
        """The items of a list, which must all be known, as text."""
        value = self.value(path)
        items = value if isinstance(value, list) else []
        self._check_known(items, path)
        return [str(item) for item in items]

    def count(self, path: str) -> int:
        """How many items a list has; unknown items count, an unknown list does not."""
        value = self.value(path)
        return len(value) if isinstance(value, list) else 0

    def part(self, path: str) -> Inputs:
        """A nested object, empty when it is not set."""
        value = self.value(path)
        return Inputs(value[0] if isinstance(value, list) and value else value, self.where(path))

    def _check_known(self, values: Iterable[Any], path: str) -> None:
        for value in values:
            if is_unknown(value):
                raise Unpriced(UNKNOWN_UNTIL_DEPLOY, self.where(path))
            if is_secret(value):
                raise Unpriced(SECRET_VALUE, self.where(path))

    def _default(self, path: str, default: Any, value: Any) -> Any:
        if default is _REQUIRED:
            problem = "is not text" if value else "is not set"
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{self.where(path)} {problem}")
        return default


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and ZERO <= number <= LARGEST_QUANTITY else None
