"""How each Kubernetes type is billed: the first pattern of `kubernetes_types.csv` that matches it.

A type that no pattern matches is a custom resource of an operator that is not known. What the operator
creates for it may be billed, so it is never free.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from teei_finops.costing.prices.price_book import FOLDER

PREFIX = "kubernetes:"
# Components that contain the objects of a chart or of files. A preview has these objects as their children,
# except where they are rendered on deploy.
CONTAINERS = (
    "kubernetes:helm.sh/v2:Chart",
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize:Directory",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml:ConfigGroup",
    "kubernetes:yaml/v2:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
)


@dataclass(frozen=True, slots=True)
class KubernetesType:
    """One row; `note` says what it creates, or what it is."""

    pattern: str
    name: str
    usage_keys: frozenset[str]
    note: str


@cache
def kubernetes_types() -> tuple[KubernetesType, ...]:
    with (FOLDER / "kubernetes_types.csv").open(newline="", encoding="utf-8") as file:
        return tuple(
            KubernetesType(row["pattern"], row["class"], frozenset(row["usage_keys"].split()), row["note"])
            for row in csv.DictReader(file)
        )


@cache
def kubernetes_type(token: str) -> KubernetesType | None:
    """Of `kubernetes:core/v1:Service`; None when no pattern matches."""
    kind = token.removeprefix(PREFIX).removesuffix("Patch")
    return next((row for row in kubernetes_types() if fnmatchcase(kind, row.pattern)), None)
