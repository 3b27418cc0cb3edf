"""How a report of the pack reads: text for people, whose lines a program can split again. No pulumi import.

The policy SDK puts the policy's description and a line break before each message. The message itself is

    NAME: WHAT IS WRONG
      value: THE VALUE
      fix: WHAT TO DO

An exemption in use is reported by the advisory policies `exemptions-in-force` (one resource) and
`exemptions-in-force-in-stack` (found by looking at the whole stack), with the URN of the exempted resource:

    NAME: exempt from POLICY, 12 days left
      policy: POLICY
      resource: THE PATTERN IN exemptions.yaml
      owner: OWNER
      reason: REASON
      expires: YYYY-MM-DD
      days left: 12

A rule that a value unknown until deploy leaves open is an advisory report of the policy itself, which begins

    can't run policy 'ID' from policy pack 'NAME@vVERSION' during preview: not decided until deploy:

and goes on with one line for each property: `NAME (URN): PROPERTY is unknown`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

IN_FORCE = "exemptions-in-force"
IN_FORCE_IN_STACK = "exemptions-in-force-in-stack"
NOT_DECIDED = "not decided until deploy:"
LONGEST_VALUE = 200  # characters

_FIELD = re.compile(r"^  ([a-z][a-z ]*): (.*)$")


def show(value: Any) -> str:
    """A property's value on one line: absent is named, whole numbers have no fraction, long ones are cut."""
    if value is None:
        return "not set"
    text = value if isinstance(value, str) and value.strip() == value != "" else _json(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _json(value: Any) -> str:
    return json.dumps(_whole(value), ensure_ascii=False, sort_keys=True, default=str)


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(each) for each in value]
    return value


def breach(name: str, what: str, value: Any, fix: str) -> str:
    """The message of a violation."""
    return "\n".join([f"{name}: {what}", *_fields({"value": show(value), "fix": fix})])


def in_force(
    name: str, policy: str, resource: str, owner: str, reason: str, expires: str, days_left: int
) -> str:
    """The message of an exemption in use."""
    days = f"{days_left} day{'' if days_left == 1 else 's'} left"
    fields = {
        "policy": policy,
        "resource": resource,
        "owner": owner,
        "reason": reason,
        "expires": expires,
        "days left": str(days_left),
    }
    return "\n".join([f"{name}: exempt from {policy}, {days}", *_fields(fields)])


def not_decided(unknown: Iterable[tuple[str, str, str, str]]) -> str:
    """The message of what is left open: (name, URN, property, why it is open) of each."""
    return "\n".join([NOT_DECIDED, *(f"{name} ({urn}): {path} {why}" for name, urn, path, why in unknown)])


def fields(message: str) -> dict[str, str]:
    """The `key: value` lines of a message of this pack."""
    found = (_FIELD.match(line) for line in message.splitlines())
    return {match[1]: match[2] for match in found if match}


def _fields(values: Mapping[str, str]) -> list[str]:
    return [f"  {key}: {' '.join(value.split())}" for key, value in values.items()]
