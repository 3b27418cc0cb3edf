"""Allowed values, lengths and ranges that a service's botocore model states and boto3 does not check."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


def constraint_violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """One message for each value that the service would reject; boto3 checks the types."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, item in value.items():
            if name in shape.members:
                yield from constraint_violations(
                    shape.members[name], item, f"{path}.{name}" if path else name
                )
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from constraint_violations(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from constraint_violations(shape.key, key, f"{path} key")
            yield from constraint_violations(shape.value, item, f"{path}.{key}")
    elif isinstance(shape, StringShape) and isinstance(value, str):
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is not one of {', '.join(shape.enum)}"
        maximum = shape.metadata.get("max")
        if maximum is not None and len(value) > maximum:
            yield f"{path}: longer than {maximum} characters"
    elif shape.type_name in ("integer", "long", "double", "float") and isinstance(value, int | float):
        maximum = shape.metadata.get("max")
        if maximum is not None and value > maximum:
            yield f"{path}: {value} is more than {maximum}"
