"""The parts of the review document that are not about money: what is planned, what the policies say.

`plan`: `[{stack, complete, errors: [str], operations: {op: count}, changes: [{urn, name, type, op, parent,
source: {file, line} | null, properties: [{path, kind: add|update|delete, replaces: bool, before, after}],
unknown: [path]}]}]`; unchanged resources are only counted.

`policy`: `{violations: [{stack, policy, enforcement, severity, urn, name, type, source, message, page}],
packs: {name: version} of the packs that judged the plans,
exemptions: [{policy, resource, owner, reason, expires, days_left, stack, urn}],
not_applicable: [{stack, policy, urn, name, source, message}]}`. How our pack words an exemption in use and a
rule left open by an unknown value is written down in `policies/messages.py`; both are advisory reports.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from teei_finops.costing.preview.plan import Plan, PolicyReport, Resource

IN_FORCE = ("exemptions-in-force", "exemptions-in-force-in-stack")
NOT_DECIDED = "not decided until deploy:"
_FIELD = re.compile(r"^  ([a-z][a-z ]*): (.*)$", re.MULTILINE)
_OPEN = re.compile(r"^(?P<name>.*?) \((?P<urn>urn:[^)]*)\): (?P<what>.*)$")
SHOWN = frozenset({"create", "update", "replace", "delete", "import"})


def plan_row(plan: Plan) -> dict[str, Any]:
    shown = [resource for resource in plan.resources if not resource.type.startswith("pulumi:pulumi:")]
    return {
        "stack": plan.stack,
        "complete": plan.complete,
        "errors": list(plan.errors),
        "operations": dict(Counter(resource.op for resource in shown)),
        "changes": [_change(resource) for resource in shown if resource.op in SHOWN],
    }


def policy_part(plans: Iterable[Plan], exemptions: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """`exemptions` are those of the project's file; one that is in use says for which stack and resource."""
    violations: list[dict[str, Any]] = []
    undecided: list[dict[str, Any]] = []
    used: list[dict[str, Any]] = []
    packs: dict[str, str] = {}
    for plan in plans:
        packs |= plan.packs
        for report in plan.policy:
            if report.policy in IN_FORCE:
                used.append(_exemption(plan, report))
            elif NOT_DECIDED in report.message:
                undecided.extend(_undecided(plan, report))
            else:
                violations.append(_violation(plan, report))
        undecided += [
            {"stack": plan.stack, "policy": each.policy, **_subject(plan, each.urn), "message": each.reason}
            for each in plan.not_applicable
        ]
    in_use = {(each["policy"], each["resource"]) for each in used}
    idle = [each for each in exemptions if (each["policy"], each["resource"]) not in in_use]
    return {
        "violations": violations,
        "packs": packs,
        "exemptions": [*used, *idle],
        "not_applicable": undecided,
    }


def _violation(plan: Plan, report: PolicyReport) -> dict[str, Any]:
    return {
        "stack": plan.stack,
        "policy": report.policy,
        "enforcement": report.enforcement,
        "severity": report.severity,
        **_subject(plan, report.urn),
        "message": report.message,
        "page": f"docs/policies.md#{report.policy}",
    }


def _exemption(plan: Plan, report: PolicyReport) -> dict[str, Any]:
    said = dict(_FIELD.findall(report.message))
    days = said.get("days left", "")
    return {
        **{key: said.get(key, "") for key in ("policy", "resource", "owner", "reason", "expires")},
        "days_left": int(days) if days.lstrip("-").isdecimal() else 0,
        "stack": plan.stack,
        "urn": report.urn,
    }


def _undecided(plan: Plan, report: PolicyReport) -> Iterator[dict[str, Any]]:
    said = report.message.partition(NOT_DECIDED)[2].strip().splitlines()
    for line in said or [NOT_DECIDED.rstrip(":")]:
        found = _OPEN.match(line.strip())
        urn, what = (found["urn"], found["what"]) if found else (report.urn, line.strip())
        yield {"stack": plan.stack, "policy": report.policy, **_subject(plan, urn), "message": what}


def _subject(plan: Plan, urn: str) -> dict[str, Any]:
    resource = plan.by_urn.get(urn)
    parts = urn.split("::", 3)
    return {
        "urn": urn,
        "name": parts[3] if len(parts) == 4 else plan.stack,
        "type": parts[2].rpartition("$")[2] if len(parts) == 4 else "",
        "source": _source(resource) if resource else None,
    }


def _change(resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "name": resource.name,
        "type": resource.type,
        "op": resource.op,
        "parent": resource.parent,
        "source": _source(resource),
        "properties": [
            {
                "path": each.path,
                "kind": each.kind,
                "replaces": each.replaces,
                "before": each.before,
                "after": each.after,
            }
            for each in resource.changes
        ],
        "unknown": list(resource.unknown),
    }


def _source(resource: Resource) -> dict[str, Any] | None:
    source = resource.source
    return {"file": source.file, "line": source.line} if source else None
