"""The inputs and outputs of each AWS resource type, read from the classes of the provider's Python SDK."""

import importlib
import inspect
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pulumi import Archive, Asset
from pulumi import _types as sdk_types  # private: nothing public lists the properties of an SDK class
from pulumi.runtime import rpc

from teei_finops.sandbox.providers.field_error import FieldError
from teei_finops.sandbox.providers.property_values import Asset as AssetValue
from teei_finops.sandbox.providers.property_values import Unknown

# How the provider's documentation says that a change of a property replaces the resource (pulumi-aws 7.51.1).
_FORCES_NEW = re.compile(
    r"forc(?:es|ing) (?:the creation of )?(?:a )?(?:new|replacement|creation)"
    r"|will force (?:terraform to create|(?:a )?(?:new|recreation|replacement)|resource recreation)"
    r"|will recreate|will be recreated|destroy and recreate",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:empty string|removing|decreas|downgrad|reduc|if |when |unless |only )", re.IGNORECASE
)


# The SDK imports a module when its first name is read, which is not safe from two threads at once.
_SDK_LOCK = threading.RLock()


@dataclass(frozen=True)
class Schema:
    """One resource type; a property's type is the annotation in the SDK."""

    inputs: Mapping[str, Any]
    required: frozenset[str]
    outputs: Mapping[str, Any]
    forces_new: frozenset[str]

    def errors(self, inputs: Mapping[str, Any]) -> Iterator[FieldError]:
        """Missing, unsupported and wrongly typed inputs."""
        yield from _object_errors(self.inputs, self.required, inputs, "")


def schema_of(token: str) -> Schema | None:
    """The schema of a type such as `aws:s3/bucket:Bucket`; None when the SDK has no such type."""
    with _SDK_LOCK:
        return _schema_of(token)


@cache
def _schema_of(token: str) -> Schema | None:
    resource_class = _class_of(token)
    if resource_class is None:
        return None
    module, name = resource_class
    # The arguments are in `<Resource>InitArgs` where a nested type has the name `<Resource>Args`.
    arguments = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args", None)
    state, resource = getattr(module, f"_{name}State", None), getattr(module, name)
    inputs = sdk_types.input_type_types(arguments) if arguments else {}
    outputs = sdk_types.input_type_types(state) if state else dict(inputs)
    return Schema(
        inputs=inputs,
        required=_required(arguments) if arguments else frozenset(),
        outputs=outputs,
        forces_new=frozenset(_documented_replacements(arguments or resource)),
    )


def is_object_type(annotation: Any) -> bool:
    """Whether an annotation of the SDK is a class of nested properties."""
    return isinstance(annotation, type) and sdk_types.is_input_type(annotation)


def _class_of(token: str) -> tuple[Any, str] | None:
    """The SDK module and the name of the class of a resource type."""
    package, module, _ = token.split(":")
    importlib.import_module(f"pulumi_{package}")
    registered: Any = rpc.get_resource_module(package, module, "")
    name = registered.mod_info["classes"].get(token) if registered else None
    if name is None:
        return None
    resource = getattr(importlib.import_module(registered.mod_info["fqn"]), name)
    return importlib.import_module(resource.__module__), name


@cache
def _required(arguments: type) -> frozenset[str]:
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    parameters = list(inspect.signature(arguments.__init__).parameters.items())[1:]
    return frozenset(
        names[name] for name, parameter in parameters if parameter.default is inspect.Parameter.empty
    )


def _documented_replacements(arguments: type) -> Iterator[str]:
    names = sdk_types.input_type_py_to_pulumi_names(arguments) if sdk_types.is_input_type(arguments) else {}
    for block in (arguments.__init__.__doc__ or "").split(":param ")[1:]:
        head, _, text = block.partition(": ")
        name = head.rsplit(" ", 1)[-1]
        if name in names and any(
            _FORCES_NEW.search(sentence) and not _CONDITIONAL.search(sentence)
            for sentence in re.split(r"(?<=\.)\s", text)
        ):
            yield names[name]


def _object_errors(
    types: Mapping[str, Any], required: frozenset[str], values: Mapping[str, Any], path: str
) -> Iterator[FieldError]:
    for name in sorted(required):
        if values.get(name) is None:
            yield FieldError(path + name, f'Missing required argument: "{path}{name}" is required')
    for name, value in values.items():
        if name.startswith("__"):
            continue
        if name not in types:
            yield FieldError(path + name, f'Unsupported argument: "{path}{name}" is not expected here')
        elif value is not None:
            yield from _value_errors(types[name], value, path + name)


def _value_errors(expected: Any, value: Any, path: str) -> Iterator[FieldError]:
    if isinstance(value, Unknown):
        return
    choices = [choice for choice in _choices(expected) if choice is not type(None)]
    objects = [choice for choice in choices if is_object_type(choice)]
    if isinstance(value, AssetValue):
        if not any(isinstance(choice, type) and issubclass(choice, Asset | Archive) for choice in choices):
            yield FieldError(path, f'Incorrect value type: "{path}" does not take a file')
    elif isinstance(value, Mapping):
        mapping = next((choice for choice in choices if _is(choice, Mapping)), None)
        if objects:
            types = sdk_types.input_type_types(objects[0])
            yield from _object_errors(types, _required(objects[0]), value, f"{path}.")
        elif mapping is not None:
            item = (get_args(mapping) or (str, Any))[1]
            for key, entry in value.items():
                yield from _value_errors(item, entry, f"{path}.{key}")
        elif Any not in choices:
            yield FieldError(
                path, f'Incorrect value type: "{path}" takes {_describe(choices)}, not an object'
            )
    elif isinstance(value, list):
        sequence = next((choice for choice in choices if _is(choice, Sequence)), None)
        if sequence is not None:
            item = (get_args(sequence) or (Any,))[0]
            for index, entry in enumerate(value):
                yield from _value_errors(item, entry, f"{path}[{index}]")
        elif Any not in choices:
            yield FieldError(path, f'Incorrect value type: "{path}" takes {_describe(choices)}, not a list')
    elif not any(_accepts(choice, value) for choice in choices):
        yield FieldError(path, f'Incorrect value type: "{path}" takes {_describe(choices)}, not {value!r}')


def _choices(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, without the wrappers `Awaitable` and `Output`."""
    if get_origin(annotation) in (Union, UnionType):
        return [choice for item in get_args(annotation) for choice in _choices(item)]
    origin = get_origin(annotation)
    if origin is not None and origin.__name__ in ("Awaitable", "Output"):
        return []
    return [annotation]


def _is(choice: Any, kind: type) -> bool:
    origin = get_origin(choice) or choice
    return isinstance(origin, type) and issubclass(origin, kind) and not issubclass(origin, str)


def _accepts(choice: Any, value: Any) -> bool:
    """As the provider converts values: it takes numbers and booleans as strings, and strings as numbers."""
    if choice is Any:
        return True
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


def _describe(choices: list[Any]) -> str:
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
