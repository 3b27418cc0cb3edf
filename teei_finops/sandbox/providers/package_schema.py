"""The schema of a package for the YAML language host, which resolves types and functions with it.

https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/ (2026-11)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from teei_finops.sandbox.providers.sdk_schema import (
    alternatives,
    function_arguments,
    function_result,
    provider_inputs,
    schema_of,
)

_TOKEN = re.compile(r"\b[a-z][a-z0-9-]*:[A-Za-z0-9_./-]+(?::[A-Za-z0-9]+)?")
_ANY = {"$ref": "pulumi.json#/Any"}
_SCALARS = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))


def tokens_in(project: Path) -> frozenset[str]:
    """What may be a type or a function in the YAML files of a project."""
    files = [*project.glob("*.yaml"), *project.glob("*.yml")]
    return frozenset(token for file in files for token in _TOKEN.findall(file.read_text(errors="replace")))


def package_schema(package: str, version: str, tokens: Iterable[str]) -> Mapping[str, Any]:
    """The schema with the provider, and the resource types and functions that are among the tokens."""
    resources, functions = {}, {}
    for token in sorted(tokens):
        if token.split(":")[0] != package:
            continue
        for full in _full_tokens(token):
            schema = schema_of(full)
            if schema is not None:
                resources[full] = {
                    "inputProperties": _properties(schema.inputs),
                    "requiredInputs": sorted(schema.required),
                    "properties": _properties(
                        {name: kind for name, kind in schema.outputs.items() if name not in ("id", "urn")}
                    ),
                }
            result = function_result(full)
            if result is not None:
                arguments = dict.fromkeys(function_arguments(full), Any)
                functions[full] = {
                    "inputs": {"type": "object", "properties": _properties(arguments)},
                    "outputs": {"type": "object", "properties": _properties(result)},
                }
    return {
        "name": package,
        "version": version,
        "provider": {"inputProperties": _properties(provider_inputs(package))},
        "resources": resources,
        "functions": functions,
    }


def _full_tokens(token: str) -> Sequence[str]:
    """The tokens that a short one may stand for: `aws:s3/bucket:Bucket` for `aws:s3:Bucket`."""
    package, *modules, name = token.split(":")
    module = modules[0] if modules else "index"
    camel = name[:1].lower() + name[1:]
    return (f"{package}:{module}:{name}", f"{package}:{module}/{camel}:{name}")


def _properties(types: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _property(annotation) for name, annotation in types.items()}


def _property(annotation: Any) -> Mapping[str, Any]:
    """Scalars and lists have their type; objects may have any property, which the provider checks."""
    choices = alternatives(annotation)
    if len(choices) != 1 or choices[0] is Any:
        return _ANY
    kind = get_origin(choices[0]) or choices[0]
    if not isinstance(kind, type):
        return _ANY
    for scalar, name in _SCALARS:
        if issubclass(kind, scalar):
            return {"type": name}
    if issubclass(kind, Sequence):
        return {"type": "array", "items": _property((get_args(choices[0]) or (Any,))[0])}
    return _ANY
