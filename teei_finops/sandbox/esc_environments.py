"""The Pulumi ESC environments that a stack file imports, read from files: `environments/NAME.yaml`.

A file has the form of an environment's definition: `imports`, and `values` with `pulumiConfig`,
`environmentVariables`, `${references}` and `fn::secret`. A value that only the service has, such as that of
`fn::open` or of a reference to nothing, is a placeholder.
https://www.pulumi.com/docs/esc/environments/syntax/ (2026-11)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.passphrase import PLACEHOLDER, SANDBOX

_FOLDER = "environments"
_REFERENCE = re.compile(r"\$\{([^}]+)\}")
_PATH_PART = re.compile(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)')


@dataclass(frozen=True)
class ImportedConfig:
    """What a stack's environments define: configuration `values` as a stack file has them, with encrypted
    secrets, and environment `variables`; `missing` are the environments without a file, `placeholders` the
    names of what has a placeholder."""

    values: Mapping[str, Any]
    variables: Mapping[str, str]
    missing: Sequence[str]
    placeholders: Sequence[str]


def imported_config(names: Sequence[str], project: Path) -> ImportedConfig:
    """What the environments add to a stack's configuration, the last one first; raises SandboxError."""
    missing: list[str] = []
    values = _merged(names, project, missing, ())
    config, variables = (
        {name: _evaluated(value, values, ()) for name, value in (values.get(key) or {}).items()}
        for key in ("pulumiConfig", "environmentVariables")
    )
    return ImportedConfig(
        {name: _as_in_stack_file(value) for name, value in config.items()},
        {str(name): _text(value) for name, value in variables.items()},
        missing,
        [name for name, value in {**config, **variables}.items() if PLACEHOLDER in repr(value)],
    )


def environment_file(name: str, project: Path) -> Path:
    """Where the definition of an environment is read from; a version after @ is left out."""
    return project / _FOLDER / f"{name.split('@')[0]}.yaml"


@dataclass(frozen=True)
class _Secret:
    text: str


def _merged(
    names: Sequence[str], project: Path, missing: list[str], importers: tuple[str, ...]
) -> dict[str, Any]:
    """The values of environments and of those that they import, later ones over earlier ones."""
    values: dict[str, Any] = {}
    for name in names:
        file = environment_file(name, project)
        if name in importers:
            raise SandboxError(f"{file}: imports itself: {' -> '.join([*importers, name])}")
        if file.is_file():
            imports, own = _definition(file)
            values = _patched(values, _merged(imports, project, missing, (*importers, name)))
            values = _patched(values, own)
        else:
            missing.append(name)
    return values


def _definition(file: Path) -> tuple[Sequence[str], dict[str, Any]]:
    """The imports and the values of an environment."""
    try:
        document = yaml.safe_load(file.read_text()) or {}
        values, imports = document.get("values") or {}, document.get("imports") or []
        for section in ("pulumiConfig", "environmentVariables"):
            (values.get(section) or {}).keys()  # as a mapping has them
        return [next(iter(item)) if isinstance(item, dict) else str(item) for item in imports], values
    except (yaml.YAMLError, AttributeError, TypeError):
        raise SandboxError(
            f"{file}: must be the definition of an environment: a mapping with values.pulumiConfig"
        ) from None


def _patched(value: Any, patch: Any) -> Any:
    """The value after a JSON merge patch (RFC 7396), which keeps null."""
    if not isinstance(value, dict) or not isinstance(patch, dict):
        return patch
    return {**value, **{key: _patched(value.get(key), item) for key, item in patch.items()}}


def _evaluated(value: Any, root: Mapping[str, Any], followed: tuple[str, ...]) -> Any:
    """A value with its references replaced; `followed` are those that led to it."""
    if isinstance(value, dict):
        function = next(iter(value), "") if len(value) == 1 else ""
        if function == "fn::secret":
            return _Secret(_text(_evaluated(value[function], root, followed)))
        if str(function).startswith("fn::"):
            return PLACEHOLDER
        return {key: _evaluated(item, root, followed) for key, item in value.items()}
    if isinstance(value, list):
        return [_evaluated(item, root, followed) for item in value]
    if not isinstance(value, str):
        return value
    if whole := _REFERENCE.fullmatch(value):
        return _referenced(whole[1], root, followed)
    parts = [_referenced(path, root, followed) for path in _REFERENCE.findall(value)]
    texts = iter(parts)
    text = _REFERENCE.sub(lambda _: _text(next(texts)), value)
    return _Secret(text) if any(isinstance(part, _Secret) for part in parts) else text


def _referenced(path: str, root: Mapping[str, Any], followed: tuple[str, ...]) -> Any:
    """The value at a path such as `network.subnets[0]`."""
    if path in followed:
        raise SandboxError(f"environments: the value {path} refers to itself")
    value: Any = root
    for name, index, key in _PATH_PART.findall(path):
        if isinstance(value, str):
            value = _evaluated(value, root, (*followed, path))
        if isinstance(value, dict) and (name or key) in value:
            value = value[name or key]
        elif isinstance(value, list) and index and int(index) < len(value):
            value = value[int(index)]
        else:
            return PLACEHOLDER
    return _evaluated(value, root, (*followed, path))


def _text(value: Any) -> str:
    if isinstance(value, _Secret):
        return value.text
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_in_stack_file(value: Any) -> Any:
    if isinstance(value, _Secret):
        return {"secure": SANDBOX.encrypt(value.text)}
    if isinstance(value, dict):
        return {key: _as_in_stack_file(item) for key, item in value.items()}
    return [_as_in_stack_file(item) for item in value] if isinstance(value, list) else value
