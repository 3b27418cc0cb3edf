"""Whether the AWS provider changes a property in place or replaces the resource."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from teei_finops.sandbox.providers.aws.schema import schema_of

TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class Rule:
    """One row: types may be globs; `*` for all properties but tags. `source` says where it is known from."""

    type: str
    properties: tuple[str, ...]
    replaces: bool
    source: str


@cache
def rules() -> Sequence[Rule]:
    """The table, most particular first: a row for one type outranks a row for many."""
    with TABLE.open(newline="") as file:
        rows = [
            Rule(row["type"], tuple(row["properties"].split()), row["effect"] == "replace", row["source"])
            for row in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda rule: (rule.type.count("*"), -len(rule.type)))


def replaces(token: str, name: str) -> bool:
    """Whether a change of a top-level property replaces a resource of this type.

    The table decides; where it is silent, what the SDK's documentation of the property says.
    """
    for rule in rules():
        every = "*" in rule.properties and name not in ("tags", "tagsAll")
        if (every or name in rule.properties) and fnmatchcase(token, rule.type):
            return rule.replaces
    schema = schema_of(token)
    return schema is not None and name in schema.forces_new
