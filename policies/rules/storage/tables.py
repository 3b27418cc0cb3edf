"""DynamoDB tables: provisioned capacity follows the load, or the table pays by request."""

from collections.abc import Collection, Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy, text_list_option
from policies.rules.references import refers_to

TABLE = "aws:dynamodb/table:Table"
TARGET = "aws:appautoscaling/target:Target"
# A target alone changes no capacity.
SCALERS = frozenset({
    "aws:appautoscaling/policy:Policy",
    "aws:appautoscaling/scheduledAction:ScheduledAction",
})  # fmt: skip
DIMENSIONS = ("dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits")


def provisioned_table_is_scaled(context: EvaluationContext) -> Policy:
    rule = Rule(
        "provisioned-table-is-scaled",
        {"dimensions": text_list_option("the scalable dimensions that need a target", DIMENSIONS)},
    )

    def check_table(stack: Stack, table: Resource, dimensions: list[str]) -> Iterator[Finding]:
        mode = table.inputs["billingMode"]
        if mode.text("PROVISIONED") != "PROVISIONED":
            return
        scaled = _scaled_dimensions(stack, table, {TARGET}) & _scaled_dimensions(stack, table, SCALERS)
        missing = [dimension.rpartition(":")[2] for dimension in dimensions if dimension not in scaled]
        if missing:
            what = f"no autoscaling of {' and '.join(missing)}"
            yield Violation(mode.path, what, mode.data, "add autoscaling, or set it to PAY_PER_REQUEST")

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for table in stack.resources(TABLE.__eq__):
            for finding in findings_of(check_table, stack, table, options["dimensions"]):
                yield table, finding

    return stack_policy(rule, context, check)


def _scaled_dimensions(stack: Stack, table: Resource, types: Collection[str]) -> set[str]:
    """The dimensions of this table that resources of these types name."""
    return {
        resource.inputs["scalableDimension"].text()
        for resource in stack.resources(types.__contains__)
        if _scales(resource, table)
    }


def _scales(target: Resource, table: Resource) -> bool:
    """The target, policy or scheduled action is one of this table; its resource is `table/NAME`."""
    resource_id = target.inputs["resourceId"]
    if isinstance(resource_id.data, str) and not table.inputs["name"].unknown:
        names = (properties["name"].data for properties in (table.inputs, table.outputs))
        return resource_id.data in {f"table/{name}" for name in names if isinstance(name, str)}
    return refers_to(target, "resourceId", table, ("name",))
