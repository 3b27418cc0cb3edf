"""Reading a resource's properties: an absent value, an unknown one and a known one are three things.

This is the only place that knows how the policy SDK hands over unknown values.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import proxy

_SENTINELS = frozenset(getattr(proxy, name) for name in dir(proxy) if name.startswith("UNKNOWN_"))


class _Unknown:
    def __repr__(self) -> str:
        return "unknown until deploy"


UNKNOWN = _Unknown()


class Open(Exception):
    """A property cannot be judged before the deploy, or holds what its type does not allow."""

    def __init__(self, path: str, why: str = "is unknown") -> None:
        super().__init__(f"{path} {why}")
        self.path = path
        self.why = why


def plain(value: Any) -> Any:
    """The value as dicts and lists without the SDK's proxies, unknown values replaced by `UNKNOWN`."""
    if isinstance(value, str):
        return UNKNOWN if value in _SENTINELS else value
    if isinstance(value, Mapping):
        target = value["__target"] if isinstance(value, proxy._DictProxy) else value
        return {key: plain(each) for key, each in target.items()}
    if isinstance(value, Sequence):
        target = value["__target"] if isinstance(value, proxy._ListProxy) else value  # pyrefly: ignore
        return [plain(each) for each in target]
    return value


@dataclass(frozen=True)
class Value:
    """A property at a path. What lies under an unknown value is unknown, under an absent one absent."""

    data: Any
    path: str = ""

    def __getitem__(self, key: str) -> "Value":
        if self.data is UNKNOWN:
            return self
        child = self.data.get(key) if isinstance(self.data, Mapping) else None
        return Value(child, f"{self.path}.{key}" if self.path else key)

    @property
    def unknown(self) -> bool:
        return self.data is UNKNOWN

    @property
    def absent(self) -> bool:
        return self.data is None

    def known(self) -> Any:
        """The value, None where it is absent. Raises `Open` where it is unknown."""
        if self.unknown:
            raise Open(self.path)
        return self.data

    def items(self) -> list["Value"]:
        """The elements of a list, a single block counting as a list of one; none where it is absent.

        Raises `Open` where the list is unknown.
        """
        data = self.known()
        if data is None:
            return []
        if not isinstance(data, list):
            return [self]
        return [Value(each, f"{self.path}[{index}]") for index, each in enumerate(data)]

    def entries(self) -> Iterator[tuple[str, "Value"]]:
        """The keys of an object with their values. Raises `Open` where the object is unknown."""
        data = self.known()
        if data is None:
            return
        if not isinstance(data, Mapping):
            raise Open(self.path, "is not an object")
        for key in data:
            yield key, self[key]

    def text(self, default: str = "") -> str:
        """The value as text. Raises `Open` where it is unknown."""
        data = self.known()
        return default if data is None else str(data)

    def number(self, default: float = 0) -> float:
        """The value as a number. Raises `Open` where it is unknown or not a number."""
        data = self.known()
        if data is None or data == "":
            return default
        try:
            number = float(data)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise Open(self.path, f"is {data!r}, not a number")
        return number

    def true(self, default: bool = False) -> bool:
        """The value as a flag. Raises `Open` where it is unknown."""
        data = self.known()
        if data is None:
            return default
        return data is True or str(data).lower() == "true"

    def blank(self) -> bool:
        """It is absent or holds nothing but white space; an unknown value is not blank."""
        return self.data is None or (isinstance(self.data, str) and not self.data.strip())


ABSENT = Value(None)
