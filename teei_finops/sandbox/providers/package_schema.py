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
    is_object_type,
    properties_of,
    provider_inputs,
    schema_of,
)

_TOKEN = re.compile(r"\b[a-z][a-z0-9-]*:[A-Za-z0-9_./-]+(?::[A-Za-z0-9]+)?")
_ANY = {"$ref": "pulumi.json#/Any"}
_SCALARS = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))


def tokens_in(project: Path) -> frozenset[str]:
    """What may be a type or a function in the YAML and JSON files of a project."""
    files = [file for pattern in ("*.yaml", "*.yml", "*.json") for file in project.glob(pattern)]
    return frozenset(token for file in files for token in _TOKEN.findall(file.read_text(errors="replace")))


def package_schema(package: str, version: str, tokens: Iterable[str]) -> Mapping[str, Any]:
    """The schema with the provider, and the resource types and functions that are among the tokens."""
    resources, functions = {}, {}
    types: dict[str, Any] = {}  # of nested objects, which a program reads by property
    for token in sorted(tokens):
        if token.split(":")[0] != package:
            continue
        for full in _full_tokens(token):
            schema = schema_of(full)
            if schema is not None:
                outputs = {name: kind for name, kind in schema.outputs.items() if name not in ("id", "urn")}
                resources[full] = {
                    "inputProperties": _properties(schema.inputs),
                    "requiredInputs": sorted(schema.required),
                    "properties": {**_properties(outputs, types), **_constants(full, outputs)},
                }
            result = function_result(full)
            if result is not None:
                arguments = dict.fromkeys(function_arguments(full), Any)
                functions[full] = {
                    "inputs": {"type": "object", "properties": _properties(arguments)},
                    "outputs": {"type": "object", "properties": _properties(result, types)},
                }
    return {
        "name": package,
        "version": version,
        "provider": {"inputProperties": _properties(provider_inputs(package))},
        "types": types,
        "resources": resources,
        "functions": functions,
    }


def _constants(token: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the type of a Kubernetes object determines; the host reads it from the outputs."""
    package, version, kind = token.split(":")
    if package != "kubernetes" or not {"apiVersion", "kind"} <= properties.keys():
        return {}
    values = {"apiVersion": version.removeprefix("core/"), "kind": kind}
    return {name: {"type": "string", "const": value} for name, value in values.items()}


def _full_tokens(token: str) -> Sequence[str]:
    """The tokens that a short one may stand for: `aws:s3/bucket:Bucket` for `aws:s3:Bucket`."""
    package, *modules, name = token.split(":")
    module = modules[0] if modules else "index"
    camel = name[:1].lower() + name[1:]
    return (f"{package}:{module}:{name}", f"{package}:{module}/{camel}:{name}")


def _properties(annotations: Mapping[str, Any], types: dict[str, Any] | None = None) -> dict[str, Any]:
    """The properties; the object types of outputs go into `types`, inputs may have any object."""
    return {name: _property(annotation, types) for name, annotation in annotations.items()}


def _property(annotation: Any, types: dict[str, Any] | None) -> Mapping[str, Any]:
    choices = alternatives(annotation)
    if len(choices) != 1 or choices[0] is Any:
        return _ANY
    if is_object_type(choices[0]) and types is not None:
        return {"$ref": f"#/types/{_object_type(choices[0], types)}"}
    kind = get_origin(choices[0]) or choices[0]
    if not isinstance(kind, type):
        return _ANY
    for scalar, name in _SCALARS:
        if issubclass(kind, scalar):
            return {"type": name}
    if issubclass(kind, Sequence):
        return {"type": "array", "items": _property((get_args(choices[0]) or (Any,))[0], types)}
    return _ANY


def _object_type(object_type: type, types: dict[str, Any]) -> str:
    """The token of an object type, which is added to `types` with the types of its properties."""
    package, *modules = object_type.__module__.removeprefix("pulumi_").split(".")
    token = f"{package}:{'/'.join(modules)}:{object_type.__name__}"
    if token not in types:
        types[token] = {"type": "object"}  # before its properties: a type may contain itself
        types[token]["properties"] = _properties(properties_of(object_type), types)
    return token
