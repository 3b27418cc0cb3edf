"""The report file of a policy pack: what it found in one stack, as data.

The review sets the environment variable `TEEI_FINOPS_POLICY_REPORT` to a path while the engine previews a
stack, and then reads the file at that path. Without the variable a pack writes nothing. A pack replaces the
whole file at once, so that it is complete even when the run is stopped:

    version        3
    pack           {name, version}
    rules          [{id, description, fix, level, severity, page}]: every policy of the pack, at its default
                   level, `mandatory` or `advisory`
    violations     [{policy, level, severity, urn, name, type, property, value, what, fix, page, message,
                   remedy}]: `urn` and `type` are blank where the finding is about no resource, `property`
                   where it is about no single one; `message` is the text on the console, made from the other
                   fields; `remedy`, {inputs, deletes, merges} or null, is what the fix changes, if that is
                   definite
    undetermined   [{policy, urn, name, type, property, reason}]: properties that a policy needs and that are
                   unknown until deploy or hold a value of the wrong type
    exemptions     [{policy, resource, owner, reason, expires, days_left, urns}]: those in force, and the
                   resources that needed each of them in this run
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from teei_finops.errors import UserError

VARIABLE = "TEEI_FINOPS_POLICY_REPORT"
VERSION = 3


@dataclass(frozen=True)
class ReportedRule:
    id: str
    description: str
    fix: str
    level: str
    severity: str
    page: str


@dataclass(frozen=True)
class Remedy:
    """A definite change: new values of inputs by path (`a.b[0].c`), or that the resource is deleted.

    `merges` are the URNs of resources that are deleted while another one takes over what they do, so that
    only what they cost by the hour is saved.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    deletes: bool = False
    merges: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportedViolation:
    policy: str
    level: str
    severity: str
    urn: str
    name: str
    type: str
    property: str
    value: Any
    what: str
    fix: str
    page: str
    message: str
    remedy: Remedy | None = None


@dataclass(frozen=True)
class UndeterminedProperty:
    policy: str
    urn: str
    name: str
    type: str
    property: str
    reason: str


@dataclass(frozen=True)
class ExemptionInForce:
    policy: str
    resource: str
    owner: str
    reason: str
    expires: str
    days_left: int
    urns: tuple[str, ...] = ()


@dataclass(frozen=True)
class PolicyReport:
    """What one pack reports about one stack."""

    pack: str
    pack_version: str
    rules: list[ReportedRule] = field(default_factory=list)
    violations: list[ReportedViolation] = field(default_factory=list)
    undetermined: list[UndeterminedProperty] = field(default_factory=list)
    exemptions: list[ExemptionInForce] = field(default_factory=list)


def write(report: PolicyReport, path: Path) -> None:
    """Replace the file with this report. Raises `OSError` where the folder cannot be written to."""
    pack = {"name": report.pack, "version": report.pack_version}
    document: dict[str, Any] = {"version": VERSION, "pack": pack}
    for part in ("rules", "violations", "undetermined", "exemptions"):
        document[part] = [asdict(row) for row in getattr(report, part)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        json.dump(document, file, ensure_ascii=False)
    os.replace(file.name, path)


def read(text: str, file: str) -> PolicyReport:
    """The report in the text of a file. Raises `UserError` where it is something else."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise UserError(
                f"{file}: is a policy report of version {document['version']!r}, not {VERSION}; use the"
                " policy pack and the review of the same release"
            )
        return PolicyReport(
            pack=document["pack"]["name"],
            pack_version=document["pack"]["version"],
            rules=[ReportedRule(**row) for row in document["rules"]],
            violations=[_violation(**row) for row in document["violations"]],
            undetermined=[UndeterminedProperty(**row) for row in document["undetermined"]],
            exemptions=[
                ExemptionInForce(**row | {"urns": tuple(row["urns"])}) for row in document["exemptions"]
            ],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{file}: is not a policy report ({error}); the policy pack writes it when {VARIABLE} is set"
        ) from None


def _violation(*, remedy: dict[str, Any] | None, **row: Any) -> ReportedViolation:
    return ReportedViolation(
        **row, remedy=Remedy(**remedy | {"merges": tuple(remedy["merges"])}) if remedy else None
    )
