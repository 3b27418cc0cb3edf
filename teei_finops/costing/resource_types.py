"""How each resource type is charged: `priced`, `usage` (only by use) or `free`, and its usage keys."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from teei_finops.costing.prices.price_book import FOLDER


@dataclass(frozen=True, slots=True)
class TypeClass:
    """`usage_keys` are what a usage profile may state for the type (`usage_keys.md`)."""

    name: str
    usage_keys: frozenset[str] = frozenset()
    note: str = ""


@cache
def known_types() -> dict[str, TypeClass]:
    """By Pulumi type token, from `aws_cost_tokens.csv`; `free_types.csv` adds types that bill nothing."""
    types: dict[str, TypeClass] = {}
    with (FOLDER / "aws_cost_tokens.csv").open(newline="", encoding="utf-8") as file:
        for r in csv.DictReader(file):
            name = "usage" if r["class"] == "usage-only" else r["class"]
            types[r["pulumi_token"]] = TypeClass(name, frozenset(r["usage_keys"].split()), r["note"])
    return types


@cache
def _free_types() -> tuple[dict[str, TypeClass], list[tuple[str, TypeClass]]]:
    exact: dict[str, TypeClass] = {}
    globs: list[tuple[str, TypeClass]] = []
    with (FOLDER / "free_types.csv").open(newline="", encoding="utf-8") as file:
        for r in csv.DictReader(file):
            kind = TypeClass(r["class"], frozenset(), r["note"])
            if "*" in r["pattern"]:
                globs.append((r["pattern"], kind))
            else:
                exact[r["pattern"]] = kind
    return exact, globs


@cache
def class_of(token: str) -> TypeClass | None:
    """None when the type is unknown: it is then unpriced, never free."""
    found = known_types().get(token)
    if found is None:
        exact, globs = _free_types()
        found = exact.get(token) or next((kind for glob, kind in globs if fnmatchcase(token, glob)), None)
    return found


@cache
def all_usage_keys() -> frozenset[str]:
    return frozenset().union(*(kind.usage_keys for kind in known_types().values()))
