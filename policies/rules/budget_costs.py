"""AWS Budgets: which costs a budget counts."""

import re
from collections.abc import Collection, Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.properties import Property, Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option
from policies.rules.budgets import BUDGET
from teei_finops.cost_explorer import SERVICES, TAG_FILTER, USAGE_TYPE_GROUPS
from teei_finops.costing.regions import REGIONS
from teei_finops.costing.yaml_file import near

# Input of `costTypes` → value of the dimension RECORD_TYPE.
COST_TYPES = {"includeCredit": "Credit", "includeRefund": "Refund"}


# Values of the filter by Region for costs without one: Cost Explorer, "Filtering the data", 2026-11.
WITHOUT_REGION = ("global", "NoRegion")


def budget_excludes_credits_and_refunds(context: EvaluationContext) -> Policy:
    rule = Rule(
        "budget-excludes-credits-and-refunds",
        {
            "cost_types": text_list_option("the inputs of costTypes that must be false", COST_TYPES),
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.inputs["budgetType"].text() != "COST":
            return
        expression = resource.inputs["filterExpression"]
        if not expression.absent:
            yield from _check_expression(expression, options["cost_types"])
            return
        cost_types = resource.inputs["costTypes"]
        for name in options["cost_types"]:
            included = cost_types[name]
            if included.boolean(True):
                what = "is not false, so that the budget counts them"
                yield Violation(included.path, what, included.data, f"set costTypes.{name} to false")

    return resource_policy(rule, context, BUDGET.__eq__, check)


def _check_expression(expression: Property, cost_types: Collection[str]) -> Iterator[Finding]:
    """A budget with an expression has no `costTypes`; it excludes kinds of costs in the expression."""
    excluded = set(_excluded_record_types(expression))
    missing = [
        COST_TYPES[name] for name in cost_types if name in COST_TYPES and COST_TYPES[name] not in excluded
    ]
    if missing:
        values = " and ".join(missing)
        yield Violation(
            expression.path,
            f"does not exclude {values}",
            expression.data,
            f"add a `not` with the dimension RECORD_TYPE and the values {values}",
        )


def _excluded_record_types(expression: Property) -> Iterator[str]:
    """The record types that an expression excludes, itself or in one part of an `and`."""
    for part in expression["ands"].items():
        yield from _excluded_record_types(part)
    dimensions = expression["not"]["dimensions"]
    if dimensions["key"].text() == "RECORD_TYPE":
        yield from (value.text() for value in dimensions["values"].items())


def budget_filters_match(context: EvaluationContext) -> Policy:
    rule = Rule(
        "budget-filters-match",
        {
            "services": text_list_option("further names of services, such as those of AWS Marketplace", []),
            "usage_type_groups": text_list_option("further usage type groups", []),
        },
    )

    def check_value(value: Property, names: Collection[str]) -> Iterator[Finding]:
        text = value.text()
        if text in names:
            return
        meant = _name_meant(text, names)
        if meant:
            yield Violation(value.path, "is not a name that Cost Explorer has", text, f"write {meant}")
        else:
            hint = near(text, names)
            yield Undetermined(value.path, f"is {text!r}, which is not a known name of Cost Explorer{hint}")

    def check_tag(value: Property) -> Iterator[Finding]:
        if not re.fullmatch(TAG_FILTER, value.text()):
            yield Violation(value.path, "is not user:KEY$VALUE", value.data, "write user:KEY$VALUE")

    def check_account(value: Property) -> Iterator[Finding]:
        if not re.fullmatch(r"\d{12}", value.text()):
            yield Violation(value.path, "is not the ID of an account", value.data, "write its 12 digits")

    def check_filter(cost_filter: Property, names: dict[str, Collection[str]]) -> Iterator[Finding]:
        name = cost_filter["name"].text()
        for value in cost_filter["values"].items():
            if name in names:
                yield from findings_of(check_value, value, names[name])
            elif name == "TagKeyValue":
                yield from findings_of(check_tag, value)
            elif name == "LinkedAccount":
                yield from findings_of(check_account, value)

    def check_dimensions(dimensions: Property, names: dict[str, Collection[str]]) -> Iterator[Finding]:
        key = dimensions["key"].text()
        exact = {option.text() for option in dimensions["matchOptions"].items()} <= {"EQUALS"}
        for value in dimensions["values"].items() if exact else ():
            if key in names:
                yield from findings_of(check_value, value, names[key])
            elif key == "LINKED_ACCOUNT":
                yield from findings_of(check_account, value)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if resource.inputs["budgetType"].text() != "COST":
            return
        names = {
            "Service": [*SERVICES, *options["services"]],
            "UsageTypeGroup": [*USAGE_TYPE_GROUPS, *options["usage_type_groups"]],
            "Region": [*sorted(REGIONS), *WITHOUT_REGION],
        }
        by_dimension = {
            "SERVICE": names["Service"],
            "USAGE_TYPE_GROUP": names["UsageTypeGroup"],
            "REGION": names["Region"],
        }
        for dimensions in _dimensions(resource.inputs["filterExpression"]):
            yield from findings_of(check_dimensions, dimensions, by_dimension)
        for cost_filter in resource.inputs["costFilters"].items():
            yield from findings_of(check_filter, cost_filter, names)

    return resource_policy(rule, context, BUDGET.__eq__, check)


def _name_meant(text: str, names: Collection[str]) -> str:
    """The name that another spelling stands for: `Amazon S3`, `AmazonEC2`, `aws lambda`, or only its start.

    Blank where the text may be the name of another service: AWS publishes no list of them.
    """
    spelling = _spelling(text)
    for name in names:
        if spelling in (_spelling(name), _spelling(SERVICES.get(name) or name)):
            return name
    return next((name for name in names if name.startswith(f"{text} ")), "")


def _spelling(name: str) -> str:
    """Without `Amazon` or `AWS`, spaces and punctuation, and in lower case."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^(amazon|aws)\s*", "", name.lower()))


def _dimensions(expression: Property) -> Iterator[Property]:
    """The dimensions of an expression and of all its parts."""
    yield expression["dimensions"]
    for key in ("ands", "ors", "not"):
        for part in expression[key].items():
            yield from _dimensions(part)
