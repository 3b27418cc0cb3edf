"""The outputs that repeat the inputs of a resource."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from google.protobuf import struct_pb2

from teei_finops.sandbox.providers.plausible_values import Subject, plausible_value
from teei_finops.sandbox.providers.property_values import (
    UNKNOWN,
    is_secret,
    is_special,
    mapped_secret,
    to_python,
    to_value,
)
from teei_finops.sandbox.providers.sdk_schema import Schema, alternatives, is_object_type, properties_of


def echoed_inputs(
    schema: Schema | None, inputs: struct_pb2.Struct, subject: Subject | None = None
) -> struct_pb2.Struct:
    """The inputs as outputs.

    A property of which the output has another type, such as a list of identities that comes back as a map, is
    unknown without a `subject`, in a preview, and a plausible value of the output's type with one.
    """
    return _object(inputs, schema.outputs if schema else {}, Any, subject)


def _object(
    struct: struct_pb2.Struct, types: Mapping[str, Any], item: Any, subject: Subject | None
) -> struct_pb2.Struct:
    """The object with each property in its type of `types`, or in that of `item`."""
    return struct_pb2.Struct(
        fields={
            name: _echoed(name, value, types.get(name, item), subject)
            for name, value in struct.fields.items()
        }
    )


def _echoed(name: str, value: struct_pb2.Value, expected: Any, subject: Subject | None) -> struct_pb2.Value:
    kind, choices = value.WhichOneof("kind"), alternatives(expected)
    if kind in (None, "null_value") or not choices or Any in choices or to_python(value) is UNKNOWN:
        return value
    if kind == "struct_value":
        struct = value.struct_value
        if is_secret(struct):
            return mapped_secret(struct, lambda inner: _echoed(name, inner, expected, subject)) or value
        if is_special(struct):
            return value
        for choice in choices:
            if is_object_type(choice):
                return struct_pb2.Value(struct_value=_object(struct, properties_of(choice), Any, subject))
            if _is(choice, Mapping):
                item = (get_args(choice) or (str, Any))[1]
                return struct_pb2.Value(struct_value=_object(struct, {}, item, subject))
    elif kind == "list_value":
        sequence = next((choice for choice in choices if _is(choice, Sequence)), None)
        if sequence is not None:
            item = (get_args(sequence) or (Any,))[0]
            items = [_echoed(name, entry, item, subject) for entry in value.list_value.values]
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    elif any(not is_object_type(choice) and not _is(choice, Mapping | Sequence) for choice in choices):
        return value
    return to_value(UNKNOWN if subject is None else plausible_value(name, expected, subject))


def _is(choice: Any, kind: Any) -> bool:
    origin = get_origin(choice) or choice
    return isinstance(origin, type) and issubclass(origin, kind) and not issubclass(origin, str)
