"""The AI budget service must know who calls it."""

import tomllib
from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy
from policies.rules.databases.instances import ENVIRONMENTS_OPTION, in_environment

FUNCTION = "aws:lambda/function:Function"
CONFIG = "AI_BUDGET_CONFIG"  # the environment variable with the configuration of the service (TOML)


def ai_budget_has_callers_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule(
        "ai-budget-has-callers-in-prod",
        {
            **ENVIRONMENTS_OPTION,
            "variable": {
                "type": "string",
                "description": "the environment variable that holds the configuration of the service",
                "default": CONFIG,
            },
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        config = resource.inputs["environment"]["variables"][options["variable"]]
        if config.absent or not in_environment(context, resource, options):
            return
        try:
            callers = tomllib.loads(config.text()).get("callers")
        except tomllib.TOMLDecodeError:
            raise Undetermined(config.path, "is not TOML") from None
        if not callers:
            yield Violation(
                config.path,
                "every pod may call the AI budget service",
                None,
                "list the services that may call in ai_budget_service.callers",
            )

    return resource_policy(rule, context, {FUNCTION}.__contains__, check)
