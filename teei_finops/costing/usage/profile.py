"""The usage profile: expected requests, GB and hours, from `usage.yaml`.

The keys of each type are in `aws_resource_types.csv`. For a resource each key is taken from the entry of its
URN, else its name, else a matching glob, else its type. The longest matching glob takes precedence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import Any

from teei_finops.costing.amounts import Range
from teei_finops.costing.resource_types import all_usage_keys, class_of, known_types
from teei_finops.costing.yaml_file import SettingError, known, load, mapping, near, number, one_of, version_1

Usage = Range | str
UsageValues = Mapping[str, Usage]

OPERATING_SYSTEM = "operating_system"
OPERATING_SYSTEMS = ("linux", "windows", "rhel", "suse")
_ENDS = ("low", "expected", "high")


def _is_glob(entry: str) -> bool:
    return any(mark in entry for mark in "*?[")


@dataclass(frozen=True)
class UsageProfile:
    """`defaults` by type token, `resources` by URN, name or glob."""

    defaults: Mapping[str, UsageValues] = field(default_factory=dict)
    resources: Mapping[str, UsageValues] = field(default_factory=dict)
    _globs: list[tuple[re.Pattern[str], UsageValues]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        patterns = sorted(filter(_is_glob, self.resources), key=len)
        self._globs.extend((re.compile(translate(p)), self.resources[p]) for p in patterns)

    def of(self, urn: str, name: str, token: str) -> UsageValues:
        """The values of one resource, by usage key."""
        if not self.resources:
            return self.defaults.get(token) or {}
        merged = dict(self.defaults.get(token) or {})
        for pattern, values in self._globs:
            if pattern.match(name) or pattern.match(urn):
                merged.update(values)
        for key in (name, urn):
            merged.update(self.resources.get(key) or {})
        return merged

    def unmatched(self, urns: Iterable[str]) -> list[str]:
        """Entries of `resources` that match none of the resources."""
        urns = list(urns)
        names = {urn.split("::", 3)[-1] for urn in urns}.union(urns)
        unmatched = [entry for entry in self.resources if not _is_glob(entry) and entry not in names]
        for entry in filter(_is_glob, self.resources):
            pattern = re.compile(translate(entry))
            if not any(pattern.match(name) for name in names):
                unmatched.append(entry)
        return unmatched


NO_USAGE = UsageProfile()


def read_usage(path: Path) -> UsageProfile:
    """The profile of a file. Raises `SettingError` with the wrong key, and a similar known key or type."""
    name = str(path)
    document = mapping(load(path), name, ("version", "defaults", "resources"))
    version_1(document, name)
    defaults = {}
    for token, raw in mapping(document.get("defaults") or {}, f"{name}: defaults").items():
        where = f"{name}: defaults.{token}"
        type_class = class_of(token)
        if type_class is None:
            raise SettingError(f"{where}: unknown type{near(token, known_types())}")
        defaults[token] = _usage_values(raw, where, type_class.usage_keys)
    resources = {
        entry: _usage_values(raw, f"{name}: resources.{entry}", all_usage_keys())
        for entry, raw in mapping(document.get("resources") or {}, f"{name}: resources").items()
    }
    return UsageProfile(defaults, resources)


def _usage_values(raw: Any, where: str, keys: frozenset[str]) -> dict[str, Usage]:
    values: dict[str, Usage] = {}
    for key, value in mapping({} if raw is None else raw, where).items():
        if key not in keys:
            elsewhere = key in all_usage_keys()
            problem = "does not apply to this type" if elsewhere else "is unknown"
            raise SettingError(
                f"{where}: usage key {key!r} {problem}{near(key, keys) or known(keys) if keys else ''}"
            )
        values[key] = _value(value, f"{where}.{key}", key)
    return values


def _value(value: Any, where: str, key: str) -> Usage:
    if key == OPERATING_SYSTEM:
        return one_of(value, OPERATING_SYSTEMS, where)
    if isinstance(value, Mapping):
        parts = mapping(value, where, _ENDS)
        missing = [end for end in _ENDS if end not in parts]
        if missing:
            raise SettingError(f"{where}: {', '.join(missing)} missing; a range has low, expected and high")
        low, expected, high = (number(parts[end], f"{where}.{end}") for end in _ENDS)
        if not low <= expected <= high:
            raise SettingError(f"{where}: low, expected and high must not decrease")
        return Range(low, expected, high)
    return Range.of(number(value, where))
