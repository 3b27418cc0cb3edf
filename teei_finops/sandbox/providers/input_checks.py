"""Checks inputs against the types of the SDK, and converts them, as providers do in Check."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from google.protobuf import struct_pb2
from pulumi import Archive, Asset

from teei_finops.sandbox.providers.field_error import FieldError
from teei_finops.sandbox.providers.property_values import (
    UNKNOWN,
    Unknown,
    has_secret,
    has_unknown,
    is_secret,
    is_special,
    mapped_secret,
    secret,
    struct_to_python,
    to_python,
    to_value,
)
from teei_finops.sandbox.providers.property_values import Asset as AssetValue
from teei_finops.sandbox.providers.sdk_schema import (
    Schema,
    alternatives,
    is_object_type,
    properties_of,
    required_properties,
)


def input_errors(schema: Schema, inputs: Mapping[str, Any]) -> Iterator[FieldError]:
    """Missing, unsupported and wrongly typed inputs."""
    yield from _object_errors(schema.inputs, schema.required, inputs, "")


def converted_inputs(schema: Schema, inputs: struct_pb2.Struct) -> struct_pb2.Struct:
    """The inputs without nulls, with each number, boolean and text in the type of its property.

    An object where a JSON text is allowed, such as a policy document, becomes that text.
    """
    result = struct_pb2.Struct()
    for name, value in inputs.fields.items():
        item = value if name.startswith("__") else _converted(value, schema.inputs.get(name, Any))
        if item is not None:
            result.fields[name].CopyFrom(item)
    return result


def converted_value(value: Any, expected: Any) -> Any:
    """The value without nulls, and with numbers, booleans and texts in the type that is expected of them."""
    converted = _converted(to_value(value), expected)
    return None if converted is None else to_python(converted)


def _object_errors(
    types: Mapping[str, Any], required: frozenset[str], values: Mapping[str, Any], path: str
) -> Iterator[FieldError]:
    given = {_property_name(name, types): value for name, value in values.items()}
    for name in sorted(required):
        if given.get(name) is None:
            yield FieldError(path + name, f'Missing required argument: "{path}{name}" is required')
    for name, value in given.items():
        if name.startswith("__"):
            continue
        if name not in types:
            yield FieldError(path + name, f'Unsupported argument: "{path}{name}" is not expected here')
        elif value is not None:
            yield from _value_errors(types[name], value, path + name)


def _property_name(name: str, types: Mapping[str, Any]) -> str:
    """The property that an input sets: the provider also takes a list by its singular name in Terraform.

    PulumiToTerraformName in
    https://github.com/pulumi/pulumi-terraform-bridge/blob/master/pkg/tfbridge/names.go (2026-11)
    """
    if name in types:
        return name
    for plural in (f"{name}s", f"{name}es", f"{name[:-1]}ies"):
        if any(_is(choice, Sequence) for choice in alternatives(types.get(plural))):
            return plural
    return name


def _value_errors(expected: Any, value: Any, path: str) -> Iterator[FieldError]:
    """The errors of the alternative that fits best; none when one of them fits."""
    if isinstance(value, Unknown) or value is None:
        return
    choices = alternatives(expected)
    if isinstance(value, Mapping) and not isinstance(value, AssetValue) and _is_json_text(choices):
        return
    attempts = [list(_choice_errors(choice, value, path)) for choice in choices]
    fitting = [errors for errors in attempts if errors != [_MISMATCH]]
    if fitting:
        yield from min(fitting, key=len)
    else:
        yield _type_error(choices, value, path)


_MISMATCH = FieldError("", "another type")


def _choice_errors(choice: Any, value: Any, path: str) -> Iterator[FieldError]:
    """The errors of a value in one alternative; `_MISMATCH` when it has another kind of type."""
    if choice is Any:
        return
    if isinstance(value, AssetValue):
        if not (isinstance(choice, type) and issubclass(choice, Asset | Archive)):
            yield _MISMATCH
    elif isinstance(value, Mapping):
        if is_object_type(choice):
            yield from _object_errors(properties_of(choice), required_properties(choice), value, f"{path}.")
        elif _is(choice, Mapping):
            item = (get_args(choice) or (str, Any))[1]
            for key, entry in value.items():
                yield from _value_errors(item, entry, f"{path}.{key}")
        else:
            yield _MISMATCH
    elif isinstance(value, list):
        if _is(choice, Sequence):
            item = (get_args(choice) or (Any,))[0]
            for index, entry in enumerate(value):
                yield from _value_errors(item, entry, f"{path}[{index}]")
        else:
            yield _MISMATCH
    elif not _accepts(choice, value):
        yield _MISMATCH


def _type_error(choices: Sequence[Any], value: Any, path: str) -> FieldError:
    if isinstance(value, AssetValue):
        return FieldError(path, f'Incorrect value type: "{path}" does not take a file')
    kind = "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else repr(value)
    return FieldError(path, f'Incorrect value type: "{path}" takes {_describe(choices)}, not {kind}')


def _converted(value: struct_pb2.Value, expected: Any) -> struct_pb2.Value | None:
    """The value as its type has it; None for a null."""
    kind = value.WhichOneof("kind")
    choices = alternatives(expected)
    if kind in (None, "null_value"):
        return None
    if kind == "struct_value":
        return _converted_object(value, expected, choices)
    if kind == "list_value":
        sequence = next((choice for choice in choices if _is(choice, Sequence)), None)
        item = (get_args(sequence) or (Any,))[0] if sequence is not None else Any
        items = [_converted(entry, item) for entry in value.list_value.values]
        values = [entry for entry in items if entry is not None]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=values))
    return _converted_scalar(value, choices)


def _converted_object(
    value: struct_pb2.Value, expected: Any, choices: Sequence[Any]
) -> struct_pb2.Value | None:
    struct = value.struct_value
    if is_secret(struct):
        return mapped_secret(struct, lambda inner: _converted(inner, expected))
    if is_special(struct):
        return value
    if _is_json_text(choices) or choices == [str]:
        return _json_text(struct)
    types, item = _nested_types(choices, struct)
    result = struct_pb2.Struct()
    for name, entry in struct.fields.items():
        converted = _converted(entry, types.get(name, item))
        if converted is not None:
            result.fields[name].CopyFrom(converted)
    return struct_pb2.Value(struct_value=result)


def _nested_types(choices: Sequence[Any], struct: struct_pb2.Struct) -> tuple[Mapping[str, Any], Any]:
    """The types of the properties that the best fitting object type has, and the type of all others."""
    objects = [properties_of(choice) for choice in choices if is_object_type(choice)]
    if objects:
        return max(objects, key=lambda types: len(types.keys() & struct.fields.keys())), Any
    mapping = next((choice for choice in choices if _is(choice, Mapping)), None)
    return {}, (get_args(mapping) or (str, Any))[1] if mapping is not None else Any


def _json_text(struct: struct_pb2.Struct) -> struct_pb2.Value:
    document = struct_to_python(struct)
    if has_unknown(document):
        return to_value(UNKNOWN)
    text = json.dumps(document)
    return to_value(secret(text) if has_secret(struct) else text)


def _is_json_text(choices: Sequence[Any]) -> bool:
    """Whether the alternatives are a text and an object: the provider turns the object into JSON."""
    return str in choices and any(is_object_type(choice) for choice in choices)


def _converted_scalar(value: struct_pb2.Value, choices: Sequence[Any]) -> struct_pb2.Value:
    scalar = to_python(value)
    kinds = [
        kind for kind in (bool, int, float, str) if any(_is_subclass(choice, kind) for choice in choices)
    ]
    if isinstance(scalar, Unknown) or not kinds or Any in choices:
        return value
    if isinstance(scalar, bool):
        return value if bool in kinds else to_value("true" if scalar else "false")
    if isinstance(scalar, int | float):
        return value if {int, float} & set(kinds) or str not in kinds else to_value(str(scalar))
    if str in kinds:
        return value
    if bool in kinds and scalar in ("true", "false"):
        return to_value(scalar == "true")
    return to_value(float(scalar)) if _is_number(scalar) else value


def _is_subclass(choice: Any, kind: type) -> bool:
    return isinstance(choice, type) and issubclass(choice, kind) and not (kind is int and choice is bool)


def _is(choice: Any, kind: type) -> bool:
    origin = get_origin(choice) or choice
    return isinstance(origin, type) and issubclass(origin, kind) and not issubclass(origin, str)


def _accepts(choice: Any, value: Any) -> bool:
    """As the provider converts values: it takes numbers and booleans as strings, and strings as numbers."""
    if not isinstance(choice, type):
        return False
    if issubclass(choice, bool):
        return isinstance(value, bool) or value in ("true", "false")
    if issubclass(choice, int | float):
        return _is_number(value)
    if issubclass(choice, str):
        return isinstance(value, str | int | float | bool)
    return False


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _describe(choices: Sequence[Any]) -> str:
    return " or ".join(dict.fromkeys(_name(choice) for choice in choices)) or "nothing"


def _name(choice: Any) -> str:
    if _is(choice, Sequence):
        return "a list"
    if _is(choice, Mapping) or is_object_type(choice):
        return "an object"
    if isinstance(choice, type):
        for kind, name in ((bool, "true or false"), (int | float, "a number"), (str, "a string")):
            if issubclass(choice, kind):
                return name
    return "another value"
