"""Which resources of a stack refer to another one, by a known value or by what the engine tracks."""

from collections.abc import Collection, Mapping

from policies.properties import Property, Undetermined
from policies.resources import Resource, Stack


def refers_to(resource: Resource, path: str, target: Resource, identifiers: Collection[str]) -> bool:
    """The property `path` of a resource holds one of the `identifiers` of the target, such as its `id`.

    `path` starts with the name of a top-level property, whose dependencies the engine tracks while the value
    is unknown. Raises `Undetermined` where neither tells.
    """
    value = _at(resource.inputs, path)
    dependencies = resource.dependencies.get(path.partition(".")[0], ())
    if target.urn in dependencies:
        return True
    known = {properties[name].data for name in identifiers for properties in (target.inputs, target.outputs)}
    values = [value] if value.unknown else value.items()
    if any(isinstance(item.data, str) and item.data in known for item in values):
        return True
    if not dependencies and any(item.unknown for item in values):
        raise Undetermined(f"{path} of {resource.name}")
    for name in identifiers:
        if values and target.inputs[name].unknown:
            raise Undetermined(name)
    return False


def is_used(
    stack: Stack, target: Resource, users: Mapping[str, tuple[str, ...]], identifiers: Collection[str]
) -> bool:
    """A resource of one of the types in `users` refers to the target in one of the properties listed there.

    Raises `Undetermined` where that depends on an unknown value.
    """
    undetermined: Undetermined | None = None
    for resource in stack.resources(users.__contains__):
        for path in users[resource.type]:
            try:
                if refers_to(resource, path, target, identifiers):
                    return True
            except Undetermined as error:
                undetermined = undetermined or error
    if undetermined:
        raise undetermined
    return False


def _at(value: Property, path: str) -> Property:
    for key in path.split("."):
        value = value[key]
    return value
