"""The results of provider functions: stated in `lookups.yaml`, computed, echoed or invented."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.providers.input_checks import converted_value
from teei_finops.sandbox.providers.plausible_values import Subject, plausible_value
from teei_finops.sandbox.providers.sdk_schema import function_arguments, function_result

FILE = "lookups.yaml"
_KEYS = {"function", "arguments", "result"}
_MAX_NAMES = 6
# Results repeat these arguments of a lookup, which have no value unless the program gives one.
_ARGUMENTS = frozenset({
    "filters", "mostRecent", "nameRegex", "owners", "executableUsers", "includeDeprecated",
    "allowUnsafeFilter", "withDecryption",
})  # fmt: skip


@dataclass(frozen=True)
class StatedResult:
    """The result of a function for every call that has at least these arguments."""

    function: str
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]

    def matches(self, function: str, arguments: Mapping[str, Any]) -> bool:
        return short_token(function) == short_token(self.function) and all(
            arguments.get(name) == value for name, value in self.arguments.items()
        )


@dataclass(frozen=True)
class LookupResult:
    """The properties of a result, and the names of those that are invented."""

    properties: Mapping[str, Any]
    invented: Sequence[str]

    def warning(self, function: str) -> str | None:
        """What to tell the user about invented values; None without any."""
        if not self.invented:
            return None
        names = ", ".join(self.invented[:_MAX_NAMES])
        more = len(self.invented) - _MAX_NAMES
        names += f" and {more} more" if more > 0 else ""
        return f"{short_token(function)}: {names} invented by the sandbox; state real values in {FILE}"


def short_token(function: str) -> str:
    """`aws:ec2:getVpc` for `aws:ec2/getVpc:getVpc`."""
    package, _, rest = function.partition(":")
    module, _, name = rest.rpartition(":")
    return f"{package}:{module.split('/')[0] or 'index'}:{name}"


def read_stated_results(project: Path) -> Sequence[StatedResult]:
    """The entries of the project's `lookups.yaml`, which need not exist; raises SandboxError."""
    file = project / FILE
    if not file.exists():
        return ()
    try:
        document = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise SandboxError(f"{file}: invalid YAML: {getattr(error, 'problem', error)}") from None
    entries = document.get("lookups") if isinstance(document, dict) else None
    if not isinstance(entries, list) or document.keys() - {"version", "lookups"}:
        raise SandboxError(f"{file}: must be a mapping with a list `lookups`")
    return tuple(_stated_result(entry, f"{file}: lookups[{index}]") for index, entry in enumerate(entries))


def lookup(
    function: str,
    arguments: Mapping[str, Any],
    subject: Subject,
    *,
    stated: Sequence[StatedResult] = (),
    computed: Mapping[str, Any] | None = None,
    invent: Callable[[str], Any] = lambda _: None,
) -> LookupResult:
    """The result of a function; `computed` are right in the fake account and not reported as invented.

    `invent` gives the value of a property that fits its name better than its type does, or None.
    """
    entry = next((entry for entry in stated if entry.matches(function, arguments)), None)
    types = function_result(function) or {}
    given = {
        name: converted_value(value, types.get(name, Any))
        for name, value in arguments.items()
        if value is not None
    }
    known = {**given, **(computed or {}), **(entry.result if entry else {})}
    missing = {name: kind for name, kind in types.items() if name not in known and name not in _ARGUMENTS}
    invented = {}
    for name, annotation in missing.items():
        value = invent(name)
        invented[name] = plausible_value(name, annotation, subject) if value is None else value
    return LookupResult(
        {**invented, **known}, [name for name in invented if name not in ("region", "tags", "accountId")]
    )


def _stated_result(entry: Any, where: str) -> StatedResult:
    if not isinstance(entry, dict) or not isinstance(entry.get("result"), dict) or entry.keys() - _KEYS:
        raise SandboxError(
            f"{where}: must have a `function`, the `result` as a mapping and, if need be, `arguments`"
        )
    function = entry.get("function")
    if not isinstance(function, str) or function.count(":") != 2:
        raise SandboxError(f"{where}.function: {function!r} is not a token such as aws:ec2:getVpc")
    arguments = entry.get("arguments") or {}
    if not isinstance(arguments, dict):
        raise SandboxError(f"{where}.arguments: must be a mapping, not {arguments!r}")
    _check_names(arguments, function_arguments(_token(function)), f"{where}.arguments")
    _check_names(entry["result"], function_result(_token(function)) or (), f"{where}.result")
    return StatedResult(function, arguments, entry["result"])


def _check_names(values: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise SandboxError for a name that the function does not have; any name when the SDK lacks it."""
    known = sorted(known)
    for name in values if known else ():
        if name not in known:
            camel_case = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), str(name))
            similar = difflib.get_close_matches(camel_case, known, n=1)
            hint = f"; did you mean {similar[0]}?" if similar else f"; it has {', '.join(known)}"
            raise SandboxError(f"{where}: the function has no {name}{hint}")


def _token(function: str) -> str:
    """`aws:ec2/getVpc:getVpc` for `aws:ec2:getVpc`."""
    package, module, name = short_token(function).split(":")
    return f"{package}:{module}/{name}:{name}"
