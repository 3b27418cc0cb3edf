"""What the engine plans for each stack, as the report shows it."""

from __future__ import annotations

from collections import Counter

from teei_finops.costing.preview.plan import Plan, Resource
from teei_finops.review.render.labels import operation
from teei_finops.review.report_schema import PlannedChange, SourceLine, StackPlan


def stack_plan(plan: Plan) -> StackPlan:
    """The changes of one stack; unchanged resources are only counted."""
    resources = [resource for resource in plan.resources if not resource.type.startswith("pulumi:pulumi:")]
    return {
        "stack": plan.stack,
        "complete": plan.complete,
        "errors": list(plan.errors),
        "operations": dict(Counter(resource.op for resource in resources)),
        "changes": [_planned_change(resource) for resource in resources if operation(resource.op).is_change],
    }


def source_line(resource: Resource) -> SourceLine | None:
    """The line of the program that declares the resource, where the engine knows it."""
    source = resource.source
    return {"file": source.file, "line": source.line} if source else None


def _planned_change(resource: Resource) -> PlannedChange:
    return {
        "urn": resource.urn,
        "name": resource.name,
        "type": resource.type,
        "op": resource.op,
        "parent": resource.parent,
        "source": source_line(resource),
        "properties": [
            {
                "path": change.path,
                "kind": change.kind,
                "replaces": change.replaces,
                "before": change.before,
                "after": change.after,
            }
            for change in resource.changes
        ],
        "unknown": list(resource.unknown),
    }
