"""The inputs and outputs of resource types and functions, from the classes of a provider's Python SDK."""

import importlib
import inspect
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin

from pulumi import _types as sdk_types  # private: nothing public lists the properties of an SDK class
from pulumi.runtime import rpc

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


def schema_of(token: str) -> Schema | None:
    """The schema of a type such as `aws:s3/bucket:Bucket`; None when the SDK has no such type."""
    with _SDK_LOCK:
        return _schema_of(token)


def function_result(token: str) -> Mapping[str, Any] | None:
    """The properties of a function's result by name; None when the SDK has no such function."""
    with _SDK_LOCK:
        return _function_result(token)


def function_arguments(token: str) -> Sequence[str]:
    """The names of a function's arguments; none when the SDK has no such function."""
    name = token.rsplit(":", 1)[-1]
    python_name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    with _SDK_LOCK:
        functions = (getattr(module, python_name, None) for module in _function_modules(token))
        function = next((function for function in functions if inspect.isfunction(function)), None)
    parameters = inspect.signature(function).parameters if function else ()
    return [
        re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), parameter)
        for parameter in parameters
        if parameter != "opts"
    ]


@cache
def _schema_of(token: str) -> Schema | None:
    resource_class = _class_of(token)
    if resource_class is None:
        return None
    module, name = resource_class
    # The arguments are in `<Resource>InitArgs` where a nested type has the name `<Resource>Args`.
    arguments = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args", None)
    resource = getattr(module, name)
    inputs = sdk_types.input_type_types(arguments) if arguments else {}
    return Schema(
        inputs=inputs,
        required=required_properties(arguments) if arguments else frozenset(),
        outputs=sdk_types.resource_types(resource),
        forces_new=frozenset(_documented_replacements(arguments or resource)),
    )


@cache
def _function_result(token: str) -> Mapping[str, Any] | None:
    name = token.rsplit(":", 1)[-1]
    result = f"{name[:1].upper()}{name[1:]}Result"
    for module in _function_modules(token):
        result_class = getattr(module, result, None)
        if isinstance(result_class, type) and sdk_types.is_output_type(result_class):
            return sdk_types.output_type_types(result_class)
    return None


def sdk_version(package: str) -> str | None:
    """The version of the SDK that this process imports for a package; None when there is none."""
    module = _package(package)
    if module is None or module.__file__ is None:
        return None
    directory = str(Path(module.__file__).parents[1])
    return next((sdk.version for sdk in distributions(name=module.__name__, path=[directory])), None)


def provider_inputs(package: str) -> Mapping[str, Any]:
    """The types of the configuration of a package's provider; none when no SDK is installed."""
    with _SDK_LOCK:
        arguments = getattr(_package(package), "ProviderArgs", None)
        return sdk_types.input_type_types(arguments) if arguments else {}


def is_object_type(annotation: Any) -> bool:
    """Whether an annotation of the SDK is a class of nested properties."""
    return isinstance(annotation, type) and (
        sdk_types.is_input_type(annotation) or sdk_types.is_output_type(annotation)
    )


def properties_of(object_type: type) -> Mapping[str, Any]:
    """The nested properties of an object type by name."""
    if sdk_types.is_input_type(object_type):
        return sdk_types.input_type_types(object_type)
    return sdk_types.output_type_types(object_type)


@cache
def required_properties(arguments: type) -> frozenset[str]:
    """The names of the properties that an argument class requires."""
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    parameters = list(inspect.signature(arguments.__init__).parameters.items())[1:]
    return frozenset(
        names[name] for name, parameter in parameters if parameter.default is inspect.Parameter.empty
    )


def alternatives(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, without None and the wrappers `Awaitable` and `Output`."""
    if get_origin(annotation) in (Union, UnionType):
        return [choice for item in get_args(annotation) for choice in alternatives(item)]
    origin = get_origin(annotation)
    if annotation is type(None) or (origin is not None and origin.__name__ in ("Awaitable", "Output")):
        return []
    return [annotation]


def _package(token: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"pulumi_{token.split(':')[0].replace('-', '_')}")
    except ImportError:
        return None


def _class_of(token: str) -> tuple[Any, str] | None:
    """The SDK module and the name of the class of a resource type."""
    if token.count(":") != 2 or _package(token) is None:
        return None
    package, module, _ = token.split(":")
    registered: Any = rpc.get_resource_module(package, module, "")
    name = registered.mod_info["classes"].get(token) if registered else None
    if name is None:
        return None
    resource = getattr(importlib.import_module(registered.mod_info["fqn"]), name)
    return importlib.import_module(resource.__module__), name


def _function_modules(token: str) -> Iterator[ModuleType]:
    """The SDK modules that may define a function; a module named by a Python keyword ends with `_`."""
    package = _package(token)
    parts = token.split(":")
    if package is None:
        return
    module = parts[1].split("/")[0].replace(".", "_").replace("-", "_").lower() if len(parts) == 3 else ""
    for name in (module, f"{module}_", f"{module}.v1"):
        if module not in ("", "index"):
            try:
                yield importlib.import_module(f"{package.__name__}.{name}")
            except ImportError:
                continue
    yield package


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
