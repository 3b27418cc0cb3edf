"""What a service's model says of its parameters and boto3 does not check: allowed values and lengths."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


def broken_constraints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """One sentence for each value that the service would refuse; wrong types are boto3's to find."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, item in value.items():
            if name in shape.members:
                yield from broken_constraints(shape.members[name], item, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from broken_constraints(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from broken_constraints(shape.key, key, f"{path} key")
            yield from broken_constraints(shape.value, item, f"{path}.{key}")
    elif isinstance(shape, StringShape) and isinstance(value, str):
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"
        longest = shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{path}: longer than {longest} characters"
    elif shape.type_name in ("integer", "long", "double", "float") and isinstance(value, int | float):
        largest = shape.metadata.get("max")
        if largest is not None and value > largest:
            yield f"{path}: {value} is more than {largest}"
