"""Reads the catalogue of rules, `catalogue.toml`, which describes its fields."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PAGE = "docs/policies.md"
CATALOGUE = Path(__file__).with_name("catalogue.toml")
ACCOUNT = "account"


@dataclass(frozen=True)
class Example:
    """A resource that breaks a rule: its inputs and usage, and those that fix it.

    Without `fixed` and `fixed_usage` the fix is to delete the resource.
    """

    text: str
    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, Any] | None = None
    fixed_usage: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Entry:
    """One rule. `level` is `mandatory`, `advisory`, or `account` where only the live account can show it."""

    id: str
    description: str
    why: str
    fix: str
    severity: str
    level: str
    concern: str
    section: str
    sources: tuple[str, ...] = ()
    example: Example | None = None

    @property
    def page(self) -> str:
        return f"{PAGE}#{self.id}"


@cache
def entries() -> Mapping[str, Entry]:
    """All entries by id, in the order of the file."""
    tables = tomllib.loads(CATALOGUE.read_text("utf-8"))
    return {name: _entry(name, **table) for name, table in tables.items()}


def _entry(
    name: str, *, sources: list[str] | None = None, example: dict[str, Any] | None = None, **texts: str
) -> Entry:
    return Entry(name, **texts, sources=tuple(sources or ()), example=Example(**example) if example else None)
