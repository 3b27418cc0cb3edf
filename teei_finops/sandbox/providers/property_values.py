"""Property values as the engine sends them, and as Python sees them."""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

_SIGNATURE = rpc._special_sig_key
_SECRET = rpc._special_secret_sig
_ASSETS = frozenset({rpc._special_asset_sig, rpc._special_archive_sig})


class Unknown:
    """A value that is known only after the deployment."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


class Asset(dict[str, Any]):
    """A file or archive, as the engine describes it."""


def to_python(value: struct_pb2.Value) -> Any:
    """The value without its secrecy; whole numbers are int, what is unknown is UNKNOWN."""
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
    """As `to_python`: a dict, or the value inside a secret."""
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else None
    if signature == _SECRET:
        return to_python(struct.fields["value"])
    items = {key: to_python(value) for key, value in struct.fields.items()}
    return Asset(items) if signature in _ASSETS else items


def to_value(value: Any) -> struct_pb2.Value:
    """The engine's form of a Python value; raises TypeError for one that has none."""
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
    raise TypeError(f"{type(value).__name__} has no form as a property")


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The engine's form of a mapping of properties."""
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in values.items()})


def secret(value: Any) -> dict[str, Any]:
    """Marks a value as secret for `to_value`."""
    return {_SIGNATURE: _SECRET, "value": value}


def with_outputs(inputs: struct_pb2.Struct, outputs: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inputs as they are (secrets stay secret) with the outputs set."""
    result = struct_pb2.Struct()
    result.CopyFrom(inputs)
    for key, value in outputs.items():
        result.fields[key].CopyFrom(to_value(value))
    return result


def has_unknown(value: Any) -> bool:
    """Whether anything inside is known only after the deployment."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)
