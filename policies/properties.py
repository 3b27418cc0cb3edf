"""Reading a resource's properties: a property is known, absent, or unknown until deploy.

This is the only place that knows how the engine sends properties and marks unknown values.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi_policy import proxy
from pulumi_policy.deserialize import deserialize_properties

# Each type of property has its own placeholder.
_PLACEHOLDERS = frozenset(getattr(proxy, name) for name in dir(proxy) if name.startswith("UNKNOWN_"))


class _Unknown:
    def __repr__(self) -> str:
        return "unknown until deploy"


UNKNOWN = _Unknown()


class Undetermined(Exception):
    """A property is unknown until deploy, or holds a value that its type does not allow.

    A check raises it, or yields it as a finding and goes on.
    """

    def __init__(self, property: str, reason: str = "is unknown until deploy") -> None:
        super().__init__(f"{property} {reason}")
        self.property = property
        self.reason = reason


@dataclass(frozen=True)
class Property:
    """A value at a path such as `rules[0].status`. All below an unknown value is unknown, all below an absent
    one absent."""

    data: Any
    path: str = ""

    def __getitem__(self, key: str) -> "Property":
        if self.data is UNKNOWN:
            return self
        child = self.data.get(key) if isinstance(self.data, Mapping) else None
        return Property(child, f"{self.path}.{key}" if self.path else key)

    @property
    def unknown(self) -> bool:
        return self.data is UNKNOWN

    @property
    def absent(self) -> bool:
        return self.data is None

    def known(self) -> Any:
        """The value, None where it is absent. Raises `Undetermined` where it is unknown."""
        if self.unknown:
            raise Undetermined(self.path)
        return self.data

    def items(self) -> list["Property"]:
        """The elements of a list; a single block counts as a list of one, an absent list as empty.

        Raises `Undetermined` where the list is unknown.
        """
        data = self.known()
        if data is None:
            return []
        if not isinstance(data, list):
            return [self]
        return [Property(item, f"{self.path}[{index}]") for index, item in enumerate(data)]

    def all_at(self, path: str) -> Iterator["Property"]:
        """The values at a path of keys below it; where a list is on the way, those of each element.

        Raises `Undetermined` where one of them is unknown.
        """
        key, _, rest = path.partition(".")
        for item in self[key].items():
            if rest:
                yield from item.all_at(rest)
            else:
                yield item

    def entries(self) -> Iterator[tuple[str, "Property"]]:
        """The keys of an object with their values. Raises `Undetermined` where the object is unknown."""
        data = self.known()
        if data is None:
            return
        if not isinstance(data, Mapping):
            raise Undetermined(self.path, "is not an object")
        for key in data:
            yield key, self[key]

    def text(self, default: str = "") -> str:
        """The value as text. Raises `Undetermined` where it is unknown."""
        data = self.known()
        return default if data is None else str(data)

    def number(self, default: float = 0) -> float:
        """The value as a number. Raises `Undetermined` where it is unknown or not a number."""
        data = self.known()
        if data is None or data == "":
            return default
        try:
            number = float(data)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise Undetermined(self.path, f"is {data!r}, not a number")
        return number

    def boolean(self, default: bool = False) -> bool:
        """The value as a boolean, which may be written as text. Raises `Undetermined` where it is unknown."""
        data = self.known()
        if data is None:
            return default
        return data is True or str(data).lower() == "true"

    def blank(self) -> bool:
        """It is absent or holds only white space; an unknown value is not blank."""
        return self.data is None or (isinstance(self.data, str) and not self.data.strip())


ABSENT = Property(None)


def read(properties: Struct) -> Property:
    """The properties of a resource as the engine sends them; secrets are read like other values."""
    return Property(_with_unknown(deserialize_properties(MessageToDict(properties))))


def _with_unknown(value: Any) -> Any:
    """The value with `UNKNOWN` in place of the engine's placeholders."""
    if isinstance(value, str):
        return UNKNOWN if value in _PLACEHOLDERS else value
    if isinstance(value, dict):
        return {key: _with_unknown(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_unknown(child) for child in value]
    return value
