"""Typed reading of a resource's inputs, where an absent, an unknown and a secret value are told apart."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from teei_finops.costing.amounts import SECRET_VALUE, UNKNOWN_UNTIL_DEPLOY, ZERO, Unpriced
from teei_finops.costing.preview.plan import is_secret, is_unknown
from teei_finops.costing.references import walk

LARGEST = Decimal("1e15")  # no real quantity is above it
_REQUIRED: Any = object()


class Values:
    """Typed reading of a JSON object. What is unknown or secret raises `Unpriced` with the path."""

    def __init__(self, raw: Any, path: str = "") -> None:
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        self._path = path

    def where(self, path: str) -> str:
        return f"{self._path}.{path}" if self._path else path

    def value(self, path: str) -> Any:
        """The JSON value at `path` (`a.b`, `a.0.b`), None when it is not set."""
        value = self.raw.get(path) if "." not in path else walk(self.raw, path)
        if is_unknown(value):
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, self.where(path))
        if is_secret(value):
            raise Unpriced(SECRET_VALUE, self.where(path))
        return value

    def has(self, path: str) -> bool:
        """Whether the program sets it, known or not."""
        return walk(self.raw, path) is not None

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

    def items(self, path: str) -> list[Values]:
        """The objects of a list; a single object counts as a list of one, nothing as an empty list."""
        value = self.value(path)
        items = value if isinstance(value, list) else [] if value is None else [value]
        for index, item in enumerate(items):
            if is_unknown(item) or is_secret(item):
                raise Unpriced(SECRET_VALUE if is_secret(item) else UNKNOWN_UNTIL_DEPLOY, self.where(path))
            items[index] = item
        return [Values(item, f"{self.where(path)}[{index}]") for index, item in enumerate(items)]

    def texts(self, path: str) -> list[str]:
        """The texts of a list whose every item is known."""
        value = self.value(path)
        items = value if isinstance(value, list) else []
        for item in items:
            if is_unknown(item) or is_secret(item):
                raise Unpriced(SECRET_VALUE if is_secret(item) else UNKNOWN_UNTIL_DEPLOY, self.where(path))
        return [str(item) for item in items]

    def count(self, path: str) -> int:
        """How many items a list has; unknown items count, an unknown list does not."""
        value = self.value(path)
        return len(value) if isinstance(value, list) else 0

    def part(self, path: str) -> Values:
        """A nested object, empty when it is not set."""
        value = self.value(path)
        return Values(value[0] if isinstance(value, list) and value else value, self.where(path))

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
    return number if number.is_finite() and ZERO <= number <= LARGEST else None
