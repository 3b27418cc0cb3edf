"""Resources as the cost estimate takes them: with the engine's placeholders for unknown values."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.properties import UNKNOWN
from policies.resources import Resource, Stack
from teei_finops.costing.budgets.policy_gate import DeclaredResource


def declared_resources(stack: Stack) -> list[DeclaredResource]:
    """All resources of the stack but those of the engine itself."""
    return [
        _declared(resource) for resource in stack.resources(lambda token: not token.startswith("pulumi:"))
    ]


def _declared(resource: Resource) -> DeclaredResource:
    inputs = _with_placeholders(resource.inputs.data)
    provider = _with_placeholders(resource.provider.data)
    return DeclaredResource(
        resource.urn,
        resource.name,
        resource.type,
        inputs if isinstance(inputs, dict) else {},
        provider if isinstance(provider, dict) else {},
        resource.dependencies,
    )


def _with_placeholders(value: Any) -> Any:
    """The value with the engine's placeholder where it is unknown, as in a preview."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: _with_placeholders(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_placeholders(child) for child in value]
    return value
