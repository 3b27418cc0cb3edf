"""The parts of the review document that are not about money: what is planned, what the policies say.

`plan`: `[{stack, complete, errors: [str], operations: {op: count}, changes: [{urn, name, type, op, parent,
source: {file, line} | null, properties: [{path, kind: add|update|delete, replaces: bool, before, after}],
unknown: [path]}]}]`; unchanged resources are only counted.

`policy`: `{violations: [{stack, policy, enforcement, severity, urn, name, type, source, message, page}],
packs: {name: version} of the packs that judged the plans,
exemptions: [...], not_applicable: [{stack, policy, urn, name, source, message}]}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from costing.plan import Plan, Resource

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
    plans = list(plans)
    return {
        "violations": [
            {
                "stack": plan.stack,
                "policy": report.policy,
                "enforcement": report.enforcement,
                "severity": report.severity,
                **_subject(plan, report.urn),
                "message": report.message,
                "page": f"docs/policies.md#{report.policy}",
            }
            for plan in plans
            for report in plan.policy
        ],
        "packs": {name: version for plan in plans for name, version in plan.packs.items()},
        "exemptions": list(exemptions),
        "not_applicable": [
            {"stack": plan.stack, "policy": each.policy, **_subject(plan, each.urn), "message": each.reason}
            for plan in plans
            for each in plan.not_applicable
        ],
    }


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
