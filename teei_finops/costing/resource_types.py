"""How each resource type is billed, and its usage keys: what is known about types, as tables in `prices/`.

`aws_resource_types.csv` and `simple_charges.csv` have the types with a price, `free_types.csv` those that
bill nothing with the reason, `unpriced_types.csv` those that AWS bills and that have no price yet, and
`other_providers.csv` the packages whose resources AWS does not bill. Kubernetes types are in
`kubernetes_types.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from teei_finops.costing.prices.kubernetes_types import PREFIX, kubernetes_type, kubernetes_types
from teei_finops.costing.prices.price_book import FOLDER
from teei_finops.costing.prices.simple_charges import simple_charges

PRICED, USAGE, FREE, UNPRICED, NOT_AWS = "priced", "usage", "free", "unpriced", "not_aws"


@dataclass(frozen=True, slots=True)
class TypeClass:
    """`name` is `priced`, `usage` (only use is billed), `free`, `unpriced` (billed, no price) or `not_aws`.

    `usage_keys` are the keys that a usage profile may set for the type; `reason` says why it is free, what an
    unpriced type bills, or who is billed for another provider's.
    """

    name: str
    usage_keys: frozenset[str] = frozenset()
    reason: str = ""


@cache
def known_types() -> dict[str, TypeClass]:
    """Types with a price by token."""
    charges = simple_charges()
    types: dict[str, TypeClass] = {}
    for row in _rows("aws_resource_types.csv"):
        of_charges = (charge.usage_keys for charge in charges.get(row["type"], ()))
        types[row["type"]] = TypeClass(row["class"], frozenset(row["usage_keys"].split()).union(*of_charges))
    return types


@cache
def class_of(token: str) -> TypeClass | None:
    """None when the type is unknown: such a resource is unpriced, never free."""
    if token.startswith(PREFIX):
        kubernetes = kubernetes_type(token)
        return TypeClass(kubernetes.name, kubernetes.usage_keys, kubernetes.note) if kubernetes else None
    return known_types().get(token) or _without_price().get(token) or _other_providers().get(_package(token))


@cache
def all_usage_keys() -> frozenset[str]:
    return frozenset().union(
        *(type_class.usage_keys for type_class in known_types().values()),
        *(kubernetes.usage_keys for kubernetes in kubernetes_types()),
    )


@cache
def free_types() -> frozenset[str]:
    return frozenset(token for token, kind in _without_price().items() if kind.name == FREE)


@cache
def _without_price() -> dict[str, TypeClass]:
    free = {row["type"]: TypeClass(FREE, reason=row["reason"]) for row in _rows("free_types.csv")}
    unpriced = {row["type"]: TypeClass(UNPRICED, reason=row["bills"]) for row in _rows("unpriced_types.csv")}
    return free | unpriced


@cache
def _other_providers() -> dict[str, TypeClass]:
    return {
        row["package"]: TypeClass(NOT_AWS, reason=f"not billed by AWS: {row['provider']}")
        for row in _rows("other_providers.csv")
    }


def _package(token: str) -> str:
    return token.partition(":")[0]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)
