"""Typed reading of a resource's inputs, which distinguishes absent, unknown, secret and wrong values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from teei_finops.costing.amounts import (
    LARGEST_QUANTITY,
    NOT_VALID,
    SECRET_VALUE,
    UNKNOWN_UNTIL_DEPLOY,
    ZERO,
    Unpriced,
)
from teei_finops.costing.preview.values import is_secret, is_unknown, value_at

_REQUIRED: Any = object()
# What the AWS provider converts to a bool, besides true and false.
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Inputs:
    """Typed reading of a JSON object.

    An unknown or secret value raises `Unpriced` with its path, and so does a value of another type, unless
    the AWS provider converts it: `256` is the text "256", "true" is true.
    """

    def __init__(self, raw: Any, path: str = "") -> None:
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        self._path = path

    def where(self, path: str) -> str:
        return f"{self._path}.{path}" if self._path else path

    def value(self, path: str) -> Any:
        """The JSON value at `path` (`a.b`, `a.0.b`), None when it is not set."""
        value = self._at(path)
        if value is None:
            if "." in path:
                self._check_parents(path)
        else:
            self._check_known(value, path)
        return value

    def has(self, path: str) -> bool:
        """Whether the program sets it, known or not."""
        return self._at(path) is not None

    def text(self, path: str, default: str = _REQUIRED) -> str:
        """A text that is not empty."""
        value = self.value(path)
        if value is None or value == "":
            return self._default(path, default)
        return self._text(value, path)

    def number(self, path: str, default: Decimal | int = _REQUIRED) -> Decimal:
        """A finite number of 0 or more; text that is a number counts."""
        value = self.value(path)
        if value is None or value == "":
            return Decimal(self._default(path, default))
        number = _number(value)
        if number is None:
            raise Unpriced(NOT_VALID, f"{self.where(path)} is not a number of 0 or more")
        return number

    def flag(self, path: str, default: bool = False) -> bool:
        value = self.value(path)
        if value is None or value == "":
            return default
        flag = _FLAGS.get(self._text(value, path).lower())
        if flag is None:
            raise Unpriced(NOT_VALID, f"{self.where(path)} is not true or false")
        return flag

    def items(self, path: str) -> list[Inputs]:
        """The objects of a list; a single object counts as a list of one, nothing as an empty list."""
        value = self.value(path)
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        self._check_all_known(items, path)
        if not all(isinstance(item, dict) for item in items):
            raise Unpriced(NOT_VALID, f"{self.where(path)} is not a list of objects")
        return [Inputs(item, f"{self.where(path)}[{index}]") for index, item in enumerate(items)]

    def texts(self, path: str) -> list[str]:
        """The items of a list, which must all be known, as text; a single text counts as a list of one."""
        items = self._list(path)
        self._check_all_known(items, path)
        return [self._text(item, path) for item in items]

    def count(self, path: str) -> int:
        """How many items a list has; unknown items count, an unknown list does not."""
        return len(self._list(path))

    def part(self, path: str) -> Inputs:
        """A nested object, empty when it is not set."""
        value = self.value(path)
        if isinstance(value, list):
            value = value[0] if value else None
            self._check_known(value, path)
        if value not in (None, "") and not isinstance(value, dict):
            raise Unpriced(NOT_VALID, f"{self.where(path)} is not an object")
        return Inputs(value, self.where(path))

    def _at(self, path: str) -> Any:
        return value_at(self.raw, path) if "." in path else self.raw.get(path)

    def _list(self, path: str) -> list[Any]:
        value = self.value(path)
        if value is None or value == "":
            return []
        if isinstance(value, dict):
            raise Unpriced(NOT_VALID, f"{self.where(path)} is not a list")
        return value if isinstance(value, list) else [value]

    def _text(self, value: Any, path: str) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, (int, float)):
            return str(value)
        raise Unpriced(NOT_VALID, f"{self.where(path)} is not text")

    def _check_parents(self, path: str) -> None:
        """Raises `Unpriced` when nothing is at `path` because a value above it is no object."""
        parent, _, name = path.rpartition(".")
        while parent:
            value = value_at(self.raw, parent)
            if value not in (None, ""):
                if not isinstance(value, dict) and not (isinstance(value, list) and name.isdigit()):
                    raise Unpriced(NOT_VALID, f"{self.where(parent)} is not an object")
                return
            parent, _, name = parent.rpartition(".")

    def _check_known(self, value: Any, path: str) -> None:
        if is_unknown(value):
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, self.where(path))
        if is_secret(value):
            raise Unpriced(SECRET_VALUE, self.where(path))

    def _check_all_known(self, values: Iterable[Any], path: str) -> None:
        for value in values:
            self._check_known(value, path)

    def _default(self, path: str, default: Any) -> Any:
        if default is _REQUIRED:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{self.where(path)} is not set")
        return default


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and ZERO <= number <= LARGEST_QUANTITY else None
