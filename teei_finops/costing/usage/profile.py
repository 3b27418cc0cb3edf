"""What people state about use (requests, GB, hours), from `usage.yaml`.

The keys are those of `aws_cost_tokens.csv`. For one resource they are taken key by key: by URN, else by name,
else by glob, else by type. Of two globs that match, the longer one wins.
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
from teei_finops.costing.yaml_file import SettingError, known, load, mapping, near, number, version_1

Usage = Range | str
Stated = Mapping[str, Usage]

OPERATING_SYSTEM = "operating_system"
OPERATING_SYSTEMS = ("linux", "windows", "rhel", "suse")
_ENDS = ("low", "expected", "high")


def _is_glob(entry: str) -> bool:
    return any(mark in entry for mark in "*?[")


@dataclass(frozen=True)
class UsageProfile:
    """`defaults` by type token, `resources` by URN, name or glob."""

    defaults: Mapping[str, Stated] = field(default_factory=dict)
    resources: Mapping[str, Stated] = field(default_factory=dict)
    _globs: list[tuple[re.Pattern[str], Stated]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        patterns = sorted(filter(_is_glob, self.resources), key=len)
        self._globs.extend((re.compile(translate(p)), self.resources[p]) for p in patterns)

    def of(self, urn: str, name: str, token: str) -> Stated:
        """What is stated for one resource."""
        if not self.resources:
            return self.defaults.get(token) or {}
        stated = dict(self.defaults.get(token) or {})
        for pattern, values in self._globs:
            if pattern.match(name) or pattern.match(urn):
                stated.update(values)
        for key in (name, urn):
            stated.update(self.resources.get(key) or {})
        return stated

    def unmatched(self, urns: Iterable[str]) -> list[str]:
        """Entries of `resources` that name nothing in the review."""
        urns = list(urns)
        names = {urn.split("::", 3)[-1] for urn in urns}
        found = names.union(urns)
        lost = [entry for entry in self.resources if not _is_glob(entry) and entry not in found]
        for entry in filter(_is_glob, self.resources):
            pattern = re.compile(translate(entry))
            if not any(pattern.match(each) for each in found):
                lost.append(entry)
        return lost


NO_USAGE = UsageProfile()


def read_usage(path: Path) -> UsageProfile:
    """Raises `SettingError` naming the key, and the near one for a key or a type that nobody knows."""
    name = str(path)
    document = mapping(load(path), name, ("version", "defaults", "resources"))
    version_1(document, name)
    defaults = {}
    for token, raw in mapping(document.get("defaults") or {}, f"{name}: defaults").items():
        where = f"{name}: defaults.{token}"
        kind = class_of(token)
        if kind is None:
            raise SettingError(f"{where}: unknown type{near(token, known_types())}")
        defaults[token] = _stated(raw, where, kind.usage_keys)
    resources = {
        entry: _stated(raw, f"{name}: resources.{entry}", all_usage_keys())
        for entry, raw in mapping(document.get("resources") or {}, f"{name}: resources").items()
    }
    return UsageProfile(defaults, resources)


def _stated(raw: Any, where: str, keys: frozenset[str]) -> dict[str, Usage]:
    stated: dict[str, Usage] = {}
    for key, value in mapping({} if raw is None else raw, where).items():
        if key not in keys:
            elsewhere = key in all_usage_keys()
            problem = "is no usage key of this type" if elsewhere else "is no usage key"
            raise SettingError(f"{where}: {key!r} {problem}{near(key, keys) or known(keys) if keys else ''}")
        stated[key] = _value(value, f"{where}.{key}", key)
    return stated


def _value(value: Any, where: str, key: str) -> Usage:
    if key == OPERATING_SYSTEM:
        if value not in OPERATING_SYSTEMS:
            raise SettingError(f"{where}: must be one of {', '.join(OPERATING_SYSTEMS)}, not {value!r}")
        return value
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
