"""Whether a changed property replaces an AWS resource or is updated in place."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from teei_finops.sandbox.providers.sdk_schema import schema_of

_TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class Rule:
    """One row: `type` may be a glob; the property `*` is every property except tags."""

    type: str
    properties: tuple[str, ...]
    replaces: bool
    source: str


@cache
def rules() -> Sequence[Rule]:
    """The table, most specific first: a row for one type overrides a row for many."""
    with _TABLE.open(newline="") as file:
        rows = [
            Rule(row["type"], tuple(row["properties"].split()), row["effect"] == "replace", row["source"])
            for row in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda rule: (rule.type.count("*"), -len(rule.type)))


def replaces(token: str, name: str) -> bool:
    """Whether a change of a top-level property replaces a resource of this type.

    The table decides; without a row, the SDK's documentation of the property does.
    """
    for rule in rules():
        all_properties = "*" in rule.properties and name not in ("tags", "tagsAll")
        if (all_properties or name in rule.properties) and fnmatchcase(token, rule.type):
            return rule.replaces
    schema = schema_of(token)
    return schema is not None and name in schema.forces_new
