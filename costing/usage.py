"""What people state about use (requests, GB, hours), from `usage.yml`.

The keys are those of `aws_cost_tokens.csv`. For one resource they are taken key by key: by URN, else by name,
else by glob, else by type. Of two globs that match, the longer one wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import translate

from costing.model import Range

Usage = Range | str


@dataclass(frozen=True)
class UsageProfile:
    """`defaults` by type token, `resources` by URN, name or glob."""

    defaults: Mapping[str, Mapping[str, Usage]] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, Usage]] = field(default_factory=dict)
    _globs: list[tuple[re.Pattern[str], Mapping[str, Usage]]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        patterns = sorted((name for name in self.resources if set(name) & set("*?[")), key=len)
        self._globs.extend((re.compile(translate(p)), self.resources[p]) for p in patterns)

    def of(self, urn: str, name: str, token: str) -> Mapping[str, Usage]:
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


NO_USAGE = UsageProfile()
