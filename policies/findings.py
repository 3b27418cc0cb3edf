"""What a check finds: a violation, or a property that leaves the question undetermined."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from policies.properties import Undetermined
from policies.resources import Resource
from teei_finops.policy_report import Remedy


@dataclass(frozen=True)
class Violation:
    """The path of the property (blank where it is about no single one), what is wrong, the value, the fix.

    `remedy` is what the fix changes, where that is a definite change; the review prices it.
    """

    property: str
    what: str
    value: Any
    fix: str
    remedy: Remedy | None = None


Finding = Violation | Undetermined
ResourceFinding = tuple[Resource, Finding]


def findings_of(check: Callable[..., Iterable[Finding]], *arguments: Any) -> Iterator[Finding]:
    """The findings of a check; a property that it cannot read becomes a finding, too, and ends it."""
    try:
        yield from check(*arguments)
    except Undetermined as undetermined:
        yield undetermined
