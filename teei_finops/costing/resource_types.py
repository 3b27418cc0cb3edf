"""How each resource type is billed, and its usage keys.

A class is `priced`, `usage` (only by use), `free` or `unpriced` (by what the preview does not have).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from teei_finops.costing.prices.kubernetes_types import PREFIX, kubernetes_type, kubernetes_types
from teei_finops.costing.prices.price_book import FOLDER


@dataclass(frozen=True, slots=True)
class TypeClass:
    """`usage_keys` are the keys that a usage profile may set for the type; `note` says why it is unpriced."""

    name: str
    usage_keys: frozenset[str] = frozenset()
    note: str = ""


@cache
def known_types() -> dict[str, TypeClass]:
    """By type token, from `aws_resource_types.csv`."""
    with (FOLDER / "aws_resource_types.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["type"]: TypeClass(row["class"], frozenset(row["usage_keys"].split()))
            for row in csv.DictReader(file)
        }


@cache
def _free_types() -> dict[str, TypeClass]:
    """Types that bill nothing by pattern of type token, from `free_types.csv`."""
    with (FOLDER / "free_types.csv").open(newline="", encoding="utf-8") as file:
        return {row["pattern"]: TypeClass("free") for row in csv.DictReader(file)}


@cache
def class_of(token: str) -> TypeClass | None:
    """None when the type is unknown: such a resource is unpriced, never free."""
    if token.startswith(PREFIX):
        kubernetes = kubernetes_type(token)
        return TypeClass(kubernetes.name, kubernetes.usage_keys, kubernetes.note) if kubernetes else None
    free = _free_types()
    return (
        known_types().get(token)
        or free.get(token)
        or next((type_class for pattern, type_class in free.items() if fnmatchcase(token, pattern)), None)
    )


@cache
def all_usage_keys() -> frozenset[str]:
    return frozenset().union(
        *(type_class.usage_keys for type_class in known_types().values()),
        *(kubernetes.usage_keys for kubernetes in kubernetes_types()),
    )
