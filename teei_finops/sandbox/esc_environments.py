"""The Pulumi ESC environments that a stack file imports, read from files: `environments/NAME.yaml`.

A file has the form of an environment's definition; `values.pulumiConfig` is used, with `fn::secret`.
https://www.pulumi.com/docs/esc/environments/syntax/ (2026-11)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.passphrase import SANDBOX

_FOLDER = "environments"


@dataclass(frozen=True)
class ImportedConfig:
    """The configuration of a stack's environments; `missing` are those without a file."""

    values: Mapping[str, Any]
    missing: Sequence[str]


def imported_config(names: Sequence[str], project: Path) -> ImportedConfig:
    """What the environments add to a stack's configuration, the last one first; raises SandboxError."""
    values: dict[str, Any] = {}
    missing = []
    for name in names:
        file = environment_file(name, project)
        if file.is_file():
            values.update(_pulumi_config(file))
        else:
            missing.append(name)
    return ImportedConfig(values, missing)


def environment_file(name: str, project: Path) -> Path:
    """Where the definition of an environment is read from; a version after @ is left out."""
    return project / _FOLDER / f"{name.split('@')[0]}.yaml"


def _pulumi_config(file: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(file.read_text()) or {}
        config = (document.get("values") or {}).get("pulumiConfig") or {}
        return {key: _value(value) for key, value in config.items()}
    except (yaml.YAMLError, AttributeError):
        raise SandboxError(
            f"{file}: must be the definition of an environment: a mapping with values.pulumiConfig"
        ) from None


def _value(value: Any) -> Any:
    """The value as a stack file has it, in which a secret is encrypted."""
    if isinstance(value, dict) and value.keys() == {"fn::secret"}:
        return {"secure": SANDBOX.encrypt(str(value["fn::secret"]))}
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, list) else value
