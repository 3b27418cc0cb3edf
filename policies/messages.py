"""The text on the console, made from the same data as the report.

The policy SDK adds the description of the policy as a line before each message. A violation reads

    NAME: PROPERTY: WHAT IS WRONG
      value: THE VALUE
      fix: WHAT TO DO

an exemption in use

    NAME: exempt from POLICY, 12 days left
      resource: THE PATTERN IN exemptions.yaml
      owner: OWNER
      reason: REASON
      expires: YYYY-MM-DD

and undetermined properties, after the words "can't run policy 'ID' from policy pack 'NAME' during preview:",

    these properties cannot be determined:
    NAME (URN): PROPERTY is unknown until deploy
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from policies.exemptions import Exemption
from policies.findings import Violation
from teei_finops.policy_report import UndeterminedProperty

UNDETERMINED = "these properties cannot be determined:"
LONGEST_VALUE = 200  # characters


def violation(name: str, finding: Violation) -> str:
    """The message of a violation by the resource `name`."""
    subject = ": ".join(part for part in (name, finding.property, finding.what) if part)
    return _with_fields(subject, value=show(finding.value), fix=finding.fix)


def exemption_in_use(name: str, exemption: Exemption, days_left: int) -> str:
    """The message of an exemption that the resource `name` needs."""
    days = f"{days_left} day{'' if days_left == 1 else 's'} left"
    return _with_fields(
        f"{name}: exempt from {exemption.policy}, {days}",
        resource=exemption.resource,
        owner=exemption.owner,
        reason=exemption.reason,
        expires=exemption.expires.isoformat(),
    )


def undetermined(properties: Iterable[UndeterminedProperty]) -> str:
    """The message of a policy whose result depends on these properties."""
    lines = (f"{item.name} ({item.urn}): {item.property} {item.reason}" for item in properties)
    return "\n".join([UNDETERMINED, *lines])


def show(value: Any) -> str:
    """A property's value on one line, at most `LONGEST_VALUE` characters; `not set` where it is absent."""
    if value is None:
        return "not set"
    text = value if isinstance(value, str) and value.strip() == value != "" else _json(value)
    text = _one_line(text)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def plain(value: Any) -> Any:
    """The value as JSON types: whole numbers without a fraction, unknown values as text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)


def _with_fields(subject: str, **fields: str) -> str:
    return "\n".join([subject, *(f"  {name}: {_one_line(text)}" for name, text in fields.items())])


def _one_line(text: str) -> str:
    return " ".join(text.split())
