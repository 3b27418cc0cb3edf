"""Conversion of property values between the engine's wire format and Python.

The format marks special objects by a signature key; the values are those of the engine:
https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/sig/sig.go (2026-11)
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"


class Unknown:
    """The value of a property that is known only after the deployment."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


class Asset(dict[str, Any]):
    """A file or archive, as the engine describes it."""


def to_python(value: struct_pb2.Value) -> Any:
    """The Python value; a secret becomes its plain value, a whole number an int, an unknown value UNKNOWN."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return struct_to_python(value.struct_value)
    if kind == "list_value":
        return [to_python(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
    return value.bool_value if kind == "bool_value" else None


def struct_to_python(struct: struct_pb2.Struct) -> Any:
    """As `to_python`, for an object: a dict, or the plain value of a secret."""
    signature = struct.fields[_SIGNATURE_KEY].string_value if _SIGNATURE_KEY in struct.fields else None
    if signature == _SECRET:
        return to_python(struct.fields["value"])
    items = {key: to_python(value) for key, value in struct.fields.items()}
    return Asset(items) if signature in (_ASSET, _ARCHIVE) else items


def to_value(value: Any) -> struct_pb2.Value:
    """The wire format of a Python value; raises TypeError for an unsupported type."""
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NullValue.NULL_VALUE)
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=rpc.UNKNOWN)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    if isinstance(value, list | tuple):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(item) for item in value]))
    raise TypeError(f"{type(value).__name__} cannot be a property value")


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The wire format of a mapping of properties."""
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in values.items()})


def secret(value: Any) -> dict[str, Any]:
    """A secret value, in the form that `to_value` takes."""
    return {_SIGNATURE_KEY: _SECRET, "value": value}


def is_special(struct: struct_pb2.Struct) -> bool:
    """Whether an object is not a map of properties but a secret, a file, a reference or an output."""
    return _SIGNATURE_KEY in struct.fields


def is_secret(struct: struct_pb2.Struct) -> bool:
    """Whether an object is the wrapper of a secret value."""
    return is_special(struct) and struct.fields[_SIGNATURE_KEY].string_value == _SECRET


def has_secret(struct: struct_pb2.Struct) -> bool:
    """Whether an object is or contains a secret value."""
    return is_secret(struct) or any(_has_secret(value) for value in struct.fields.values())


def _has_secret(value: struct_pb2.Value) -> bool:
    if value.WhichOneof("kind") == "list_value":
        return any(_has_secret(item) for item in value.list_value.values)
    return value.WhichOneof("kind") == "struct_value" and has_secret(value.struct_value)


def mapped_secret(
    wrapper: struct_pb2.Struct, change: Callable[[struct_pb2.Value], struct_pb2.Value | None]
) -> struct_pb2.Value | None:
    """The secret with its value changed; None when `change` returns None."""
    value = change(wrapper.fields["value"])
    if value is None:
        return None
    result = struct_pb2.Struct()
    result.CopyFrom(wrapper)
    result.fields["value"].CopyFrom(value)
    return struct_pb2.Value(struct_value=result)


def with_outputs(inputs: struct_pb2.Struct, outputs: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inputs, in which secrets stay secret, with the outputs added."""
    result = struct_pb2.Struct()
    result.CopyFrom(inputs)
    for key, value in outputs.items():
        result.fields[key].CopyFrom(to_value(value))
    return result


def has_unknown(value: Any) -> bool:
    """Whether a value is or contains an unknown value."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)
