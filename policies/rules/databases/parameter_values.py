"""PostgreSQL parameters with values that RDS rejects, or that every preview shows as changed."""

from collections.abc import Callable, Iterator
from typing import Any

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Property, Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option
from policies.rules.databases.parameters import GROUPS, Parameter, parameters_of
from teei_finops.aws_limits import rds_parameters

CHECKED = {"wal_compression", *rds_parameters.UNITS}
_OPTIONS = {"ignored": text_list_option("parameters that are not checked", [])}


def database_parameters_have_valid_values(context: EvaluationContext) -> Policy:
    rule = Rule("database-parameters-have-valid-values", _OPTIONS)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        family = resource.inputs["family"]
        for parameter in _parameters_to_check(resource, options):
            if isinstance(parameter, Undetermined):
                yield parameter
            elif parameter.value.unknown:
                if parameter.name in CHECKED:
                    yield Undetermined(parameter.value.path)
            elif allowed := _first(_families(family), rds_parameters.allowed_values, parameter):
                violation = Violation(
                    parameter.value.path,
                    f"RDS rejects this value of {parameter.name}",
                    parameter.value.data,
                    f"set it to {allowed}",
                )
                yield Undetermined(family.path) if family.unknown else violation

    return resource_policy(rule, context, GROUPS.__contains__, check)


def database_parameters_do_not_drift(context: EvaluationContext) -> Policy:
    rule = Rule("database-parameters-do-not-drift", _OPTIONS)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        family = resource.inputs["family"]
        for parameter in _parameters_to_check(resource, options):
            if isinstance(parameter, Undetermined):
                yield parameter
            elif parameter.value.unknown or parameter.apply_method.unknown:
                if parameter.name in rds_parameters.DEFAULTS:
                    yield Undetermined(parameter.value.path)
            elif parameter.apply_method.text("immediate") == rds_parameters.DEFAULT_APPLY_METHOD:
                continue
            elif _first(_families(family), rds_parameters.is_default, parameter):
                violation = Violation(
                    parameter.path,
                    f"every preview shows {parameter.name} as changed",
                    parameter.value.data,
                    f"delete it: {_text(parameter)} is the default of RDS",
                )
                yield Undetermined(family.path) if family.unknown else violation

    return resource_policy(rule, context, GROUPS.__contains__, check)


def _parameters_to_check(group: Resource, options: Options) -> Iterator[Parameter | Undetermined]:
    """The parameters of a group without those that the option `ignored` names."""
    for parameter in parameters_of(group):
        if isinstance(parameter, Undetermined) or parameter.name not in options["ignored"]:
            yield parameter


def _families(family: Property) -> tuple[str, ...]:
    """The family; for an unknown one, the families between which the tables differ."""
    return ("postgres13", "postgres15") if family.unknown else (family.text(),)


def _first(families: tuple[str, ...], check: Callable[[str, str, str], Any], parameter: Parameter) -> Any:
    """The first result for one of the families that is not empty."""
    return next(filter(None, (check(family, parameter.name, _text(parameter)) for family in families)), None)


def _text(parameter: Parameter) -> str:
    """The value as AWS gets it: the engine passes a whole number as 1.0."""
    data = parameter.value.data
    return f"{data:.0f}" if isinstance(data, float) and data.is_integer() else parameter.value.text()
