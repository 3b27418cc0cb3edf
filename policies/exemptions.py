"""Exemptions: who may break which policy with which resource, why, and until when.

`exemptions.yaml` holds `exemptions: [{policy, resource, owner, reason, expires}]`; docs/configuration.md
describes it. An exemption counts up to and including its day of expiry (UTC).
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

FIELDS = ("policy", "resource", "owner", "reason", "expires")
LONGEST_DAYS = 90
FIELD = "exemptions"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Exemption:
    policy: str
    resource: str
    owner: str
    reason: str
    expires: date

    def covers(self, policy: str, urn: str, name: str) -> bool:
        """`resource` is the URN, or a glob that matches the whole name."""
        if policy != self.policy:
            return False
        return self.resource == urn or fnmatchcase(name, self.resource)


@dataclass(frozen=True)
class Fault:
    """An entry that does not count: `where` it stands, what is wrong with it, the value, what to do."""

    where: str
    what: str
    value: Any
    fix: str


@dataclass(frozen=True)
class Exemptions:
    """The entries that count, those that do not, and the day they were judged."""

    valid: tuple[Exemption, ...] = ()
    faults: tuple[Fault, ...] = ()
    today: date = field(default=date.min)

    def covering(self, policy: str, urn: str, name: str) -> Exemption | None:
        """The exemption of a resource from a policy that lasts longest."""
        found = [each for each in self.valid if each.covers(policy, urn, name)]
        return max(found, key=lambda each: each.expires, default=None)

    def days_left(self, exemption: Exemption) -> int:
        return (exemption.expires - self.today).days


def read(text: str, policies: Collection[str], today: date, file: str = "exemptions.yaml") -> Exemptions:
    """The exemptions in the text of a file; what is wrong with it is among the faults, never raised.

    `policies` are the ids that can be exempted.
    """
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        return _none(today, Fault(file, "is not YAML", str(error), "correct it"))
    if document is None:
        return _none(today)
    entries = document.get(FIELD, document) if isinstance(document, dict) else document
    if entries is None:
        return _none(today)
    if not isinstance(entries, list) or entries is document:
        return _none(today, Fault(file, "has no list of exemptions", document, f"write {FIELD}: and a list"))
    valid: list[Exemption] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries, 1):
        wrong = list(_faults(f"{file}, exemption {number}", entry, policies, today))
        faults += wrong
        expires = None if wrong else _day(entry["expires"])
        if expires:
            policy, resource, owner, reason = (entry[name].strip() for name in FIELDS if name != "expires")
            valid.append(Exemption(policy, resource, owner, reason, expires))
    return Exemptions(tuple(valid), tuple(faults), today)


def load(path: Path, policies: Collection[str], today: date) -> Exemptions:
    """The exemptions of a file; no file means that nothing is exempt."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return _none(today)
    except (OSError, UnicodeDecodeError) as error:
        return _none(today, Fault(path.name, "cannot be read", str(error), "make it a text file (UTF-8)"))
    return read(text, policies, today, path.name)


def _none(today: date, *faults: Fault) -> Exemptions:
    return Exemptions(faults=faults, today=today)


def _faults(where: str, entry: Any, policies: Collection[str], today: date) -> Iterable[Fault]:
    if not isinstance(entry, dict):
        yield Fault(where, "is not an object", entry, f"give it the fields {', '.join(FIELDS)}")
        return
    for name in FIELDS:
        if entry.get(name) is None or not str(entry[name]).strip():
            yield Fault(where, f"has no {name}", entry.get(name), f"say {name}")
        elif name != "expires" and not isinstance(entry[name], str):
            yield Fault(where, f"has a {name} that is not text", entry[name], f"put the {name} in quotes")
    if isinstance(entry.get("policy"), str) and entry["policy"].strip() not in {"", *policies}:
        fix = "name one of docs/policies.md that can be exempted"
        yield Fault(where, "names an unknown policy", entry["policy"], fix)
    if entry.get("expires") is None or not str(entry["expires"]).strip():
        return
    day = _day(entry["expires"])
    if day is None:
        yield Fault(where, "has an unreadable expiry", entry["expires"], "write the day as YYYY-MM-DD")
    elif day < today:
        fix = "mend the resource and delete the exemption, or have its owner renew it"
        yield Fault(where, f"expired {(today - day).days} days ago", day, fix)
    elif (day - today).days > LONGEST_DAYS:
        fix = f"let it expire within {LONGEST_DAYS} days"
        yield Fault(where, f"expires {(day - today).days} days ahead", day, fix)


def _day(value: Any) -> date | None:
    """YAML reads an unquoted day as a date and a day with a time as a datetime, which is not a day."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
