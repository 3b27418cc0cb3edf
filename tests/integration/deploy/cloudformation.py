"""A CloudFormation template with its parameters filled in, as far as bootstrap/ uses the language."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ACCOUNT = "123456789012"
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": "us-east-1"}


class _Loader(yaml.SafeLoader):
    """Reads `!Sub text` as {"Sub": text}."""


def _tagged(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_scalar(node)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _tagged)


def resources(template: Path, given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The properties of each resource. Raises AssertionError for a wrong or missing parameter."""
    document = yaml.load(template.read_text(), _Loader)
    declared = document["Parameters"]
    assert given.keys() <= declared.keys(), (
        f"{template.name} has no parameter {given.keys() - declared.keys()}"
    )
    values = {**PSEUDO}
    for name, parameter in declared.items():
        value = given.get(name, parameter.get("Default"))
        assert value is not None, f"{template.name} needs {name}"
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), f"{name}={value}"
        assert value in parameter.get("AllowedValues", [value]), f"{name}={value}"
        values[name] = value
    conditions = {name: _is_equal(test["Equals"], values) for name, test in document["Conditions"].items()}
    return {
        name: {"Type": resource["Type"], **_filled_in(resource["Properties"], values, conditions)}
        for name, resource in document["Resources"].items()
        if conditions.get(resource.get("Condition"), True)
    }


def _is_equal(pair: list[Any], values: Mapping[str, str]) -> bool:
    left, right = (_filled_in(side, values, {}) for side in pair)
    return left == right


def _filled_in(value: Any, values: Mapping[str, str], conditions: Mapping[str, bool]) -> Any:
    match value:
        case {"Ref": name}:
            return values.get(name, f"<{name}>")
        case {"Sub": text}:
            return re.sub(r"\$\{([\w:]+)\}", lambda match: values.get(match[1], f"<{match[1]}>"), text)
        case {"GetAtt": name} | {"ImportValue": name}:
            return f"<{name}>"
        case {"If": [condition, true, false]}:
            return _filled_in(true if conditions[condition] else false, values, conditions)
        case dict():
            return {key: _filled_in(item, values, conditions) for key, item in value.items()}
        case list():
            return [_filled_in(item, values, conditions) for item in value]
    return value
