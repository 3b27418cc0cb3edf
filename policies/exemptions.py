"""Exemptions: which resource is exempt from which policy, who owns that, why, and until when.

`exemptions.yaml` holds `exemptions: [{policy, resource, owner, reason, expires}]`; docs/configuration.md
describes it. An exemption is in force up to and including its expiry date (UTC).
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
        """`resource` is a URN, or a glob that matches the whole name."""
        if policy != self.policy:
            return False
        return self.resource == urn or fnmatchcase(name, self.resource)


@dataclass(frozen=True)
class InvalidEntry:
    """An entry without effect: its place in the file, what is wrong with it, the value, the fix."""

    place: str
    what: str
    value: Any
    fix: str


@dataclass(frozen=True)
class Exemptions:
    """The entries in force, the entries without effect, and the day of the evaluation."""

    valid: tuple[Exemption, ...] = ()
    invalid: tuple[InvalidEntry, ...] = ()
    today: date = field(default=date.min)

    def covering(self, policy: str, urn: str, name: str) -> Exemption | None:
        """The exemption of a resource from a policy; of several, the one that expires last."""
        covering = (exemption for exemption in self.valid if exemption.covers(policy, urn, name))
        return max(covering, key=lambda exemption: exemption.expires, default=None)

    def days_left(self, exemption: Exemption) -> int:
        return (exemption.expires - self.today).days


def read(text: str, policies: Collection[str], today: date, file: str = "exemptions.yaml") -> Exemptions:
    """The exemptions in the text of a file. What is wrong with it is returned as `invalid`, never raised.

    `policies` are the ids that can be exempted from.
    """
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        return _no_exemptions(today, InvalidEntry(file, "is not valid YAML", str(error), "correct it"))
    if document is None:
        return _no_exemptions(today)
    entries = document.get(FIELD, document) if isinstance(document, dict) else document
    if entries is None:
        return _no_exemptions(today)
    if not isinstance(entries, list) or entries is document:
        fix = f"write a list under {FIELD}:"
        return _no_exemptions(today, InvalidEntry(file, "has no list of exemptions", document, fix))
    valid: list[Exemption] = []
    invalid: list[InvalidEntry] = []
    for number, entry in enumerate(entries, 1):
        problems = list(_problems(f"{file}, exemption {number}", entry, policies, today))
        invalid += problems
        expires = None if problems else _day(entry["expires"])
        if expires:
            policy, resource, owner, reason = (entry[name].strip() for name in FIELDS if name != "expires")
            valid.append(Exemption(policy, resource, owner, reason, expires))
    return Exemptions(tuple(valid), tuple(invalid), today)


def load(path: Path, policies: Collection[str], today: date) -> Exemptions:
    """The exemptions in a file. Without the file nothing is exempt."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return _no_exemptions(today)
    except (OSError, UnicodeDecodeError) as error:
        return _no_exemptions(
            today, InvalidEntry(path.name, "cannot be read", str(error), "save it as UTF-8 text")
        )
    return read(text, policies, today, path.name)


def _no_exemptions(today: date, *invalid: InvalidEntry) -> Exemptions:
    return Exemptions(invalid=invalid, today=today)


def _problems(place: str, entry: Any, policies: Collection[str], today: date) -> Iterable[InvalidEntry]:
    if not isinstance(entry, dict):
        yield InvalidEntry(place, "is not an object", entry, f"give it the fields {', '.join(FIELDS)}")
        return
    for name in FIELDS:
        if entry.get(name) is None or not str(entry[name]).strip():
            yield InvalidEntry(place, f"has no {name}", entry.get(name), f"add the field {name}")
        elif name != "expires" and not isinstance(entry[name], str):
            yield InvalidEntry(place, f"the {name} is not text", entry[name], f"put the {name} in quotes")
    if isinstance(entry.get("policy"), str) and entry["policy"].strip() not in {"", *policies}:
        fix = "choose a policy of docs/policies.md that can be exempted from"
        yield InvalidEntry(place, "the policy is unknown", entry["policy"], fix)
    if entry.get("expires") is None or not str(entry["expires"]).strip():
        return
    day = _day(entry["expires"])
    if day is None:
        yield InvalidEntry(place, "the expiry is not a date", entry["expires"], "write it as YYYY-MM-DD")
    elif day < today:
        fix = "fix the resource and delete the exemption, or ask its owner to renew it"
        yield InvalidEntry(place, f"expired {(today - day).days} days ago", day, fix)
    elif (day - today).days > LONGEST_DAYS:
        fix = f"choose a date within {LONGEST_DAYS} days"
        yield InvalidEntry(place, f"expires in {(day - today).days} days", day, fix)


def _day(value: Any) -> date | None:
    """YAML reads an unquoted date as a date, and one with a time as a datetime, which is not accepted."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
