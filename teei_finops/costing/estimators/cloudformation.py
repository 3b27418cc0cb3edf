"""Resources that AWS creates from a template or by type name, which a preview does not show as its own."""

from __future__ import annotations

from teei_finops.costing.amounts import TYPE_NOT_PRICED, UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimate import estimates, estimators
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.cloudformation_template import (
    TemplateResource,
    is_free,
    template_plan,
    template_resources,
)
from teei_finops.costing.estimators.simple import charge_simple


@estimates("aws:cloudformation/stack:Stack")
def stack(ctx: EstimationContext) -> None:
    """The resources of its template, line by line; those that it does not describe are unpriced by name."""
    if not ctx.has("templateBody"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "templateBody is not set: the resources of its template")
    parameters = ctx.value("parameters")
    resources = list(
        template_resources(ctx.text("templateBody"), parameters if isinstance(parameters, dict) else {})
    )
    if not resources:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "templateBody has no resource that can be read")
    parts = ctx.of_template(lambda region: template_plan(resources, region))
    for resource in resources:
        if is_free(resource.type):
            continue
        try:
            _charge(ctx, resource, parts.get(resource.name))
        except Unpriced as reason:
            ctx.leave_out(f"{resource.name} ({resource.type})", reason)
        if resource.conditional:
            ctx.note(f"{resource.name} is counted, though a condition of the template may leave it out")
    if not ctx.lines and not ctx.unpriced_lines:
        ctx.note(f"its template creates {len(resources)} resources that are free")


@estimates("aws:cloudcontrol/resource:Resource")
def cloud_control(ctx: EstimationContext) -> None:
    """Free where its type is; otherwise unpriced by name."""
    name = ctx.text("typeName")
    if not is_free(name):
        raise Unpriced(TYPE_NOT_PRICED, f"it creates {name}")


def _charge(ctx: EstimationContext, resource: TemplateResource, part: EstimationContext | None) -> None:
    if part is None:
        raise Unpriced(TYPE_NOT_PRICED, f"its template creates {resource.type}")
    function = estimators().get(part.type)
    if function is not None:
        function(part)
    charge_simple(part, alone=function is None)
    ctx.lines += [line._replace(what=f"{resource.name}: {line.what}") for line in part.lines]
    ctx.unpriced_lines += [(f"{resource.name}: {what}", reason) for what, reason in part.unpriced_lines]
    for note in part.notes:
        ctx.note(f"{resource.name}: {note}")
