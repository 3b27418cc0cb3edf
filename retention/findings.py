"""What a verification finds: differences between what is declared and what is there, and measurements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One property of a resource that is not as declared.

    `setting` is the key of the stack config that declares it, `declared` and `actual` are values of JSON, and
    `runbook` is the anchor of a heading in docs/runbook.md.
    """

    store: str
    resource: str
    setting: str
    text: str
    declared: Any
    actual: Any
    runbook: str

    @property
    def line(self) -> str:
        return f"{self.store} {self.resource}: {self.text} ({self.setting})"


@dataclass
class Findings:
    """What was verified of one store.

    `resources` are those that were verified, whether they differ or not; `measured` holds values of JSON with
    their unit in the key, and is empty for what could not be measured.
    """

    store: str
    runbook: str
    resources: list[str] = field(default_factory=list)
    checks: int = 0
    differences: list[Difference] = field(default_factory=list)
    measured: dict[str, Any] = field(default_factory=dict)

    def of(self, resource: str) -> "ResourceFindings":
        """Adds a resource that is verified."""
        self.resources.append(resource)
        return ResourceFindings(self, resource)


@dataclass(frozen=True)
class ResourceFindings:
    """The checks of one resource."""

    findings: Findings
    resource: str

    def equal(self, setting: str, what: str, declared: Any, actual: Any, unit: str = "") -> bool:
        """Checks that a property has the declared value; None stands for a property that is not set."""
        text = f"{what} is {_value(actual, unit)}, but {_value(declared, unit)} is declared"
        return self.check(actual == declared, setting, text, declared, actual)

    def check(self, holds: bool, setting: str, text: str, declared: Any, actual: Any) -> bool:
        """Checks a condition; `text` says what is there when it does not hold."""
        self.findings.checks += 1
        if not holds:
            self.findings.differences.append(
                Difference(
                    store=self.findings.store,
                    resource=self.resource,
                    setting=setting,
                    text=text,
                    declared=declared,
                    actual=actual,
                    runbook=self.findings.runbook,
                )
            )
        return holds


def _value(value: Any, unit: str) -> str:
    match value:
        case None | "":
            return "not set"
        case bool():
            return "on" if value else "off"
        case Mapping():
            return ", ".join(f"{key} {item}" for key, item in value.items()) or "none"
        case list() | tuple():
            return ", ".join(map(str, value)) or "none"
    return f"{value} {unit}".rstrip()
