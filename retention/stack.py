"""The stack whose retention is meant, and its settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.settings import PREFIX, Settings, SettingsError, parse
from components.settings.storage import Bucket
from retention.errors import RetentionError

DEFAULT_STACK = "prod"


@dataclass(frozen=True)
class Stack:
    """A stack of the project in `directory`."""

    directory: Path
    name: str
    settings: Settings

    @property
    def buckets(self) -> dict[str, Bucket]:
        """The buckets with a lifecycle by the key of their settings, such as `storage.exports`."""
        buckets = {f"storage.{role}": bucket for role, bucket in self.settings.storage.buckets().items()}
        if self.settings.cost_data and self.settings.cost_data.export_bucket:
            buckets["cost_data.export_bucket"] = self.settings.cost_data.export_bucket
        if self.settings.reporting:
            buckets["reporting.bucket"] = self.settings.reporting.bucket
        return buckets


def read_stack(directory: Path, name: str) -> Stack:
    """The stack of the files `Pulumi.yaml` and `Pulumi.NAME.yaml`. Raises RetentionError."""
    files = sorted(directory.glob("Pulumi.*.yaml"))
    file = directory / f"Pulumi.{name}.yaml"
    if file not in files:
        names = ", ".join(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in files)
        raise RetentionError(
            f"unknown stack {name!r}; stacks of {directory}: {names or 'none: give the project with -C'}"
        )
    project = _mapping(directory / "Pulumi.yaml", "config")
    defaults = {
        key: declared["default"]
        for key, declared in project.items()
        if isinstance(declared, Mapping) and "default" in declared
    }
    values = {**defaults, **_mapping(file, "config")}
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if key.startswith(PREFIX)
    }
    try:
        return Stack(directory, name, parse(config))
    except SettingsError as error:
        raise RetentionError(f"{file.name}: {error}") from None


def _mapping(file: Path, key: str) -> dict:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RetentionError(f"{file}: {' '.join(str(error).split())}") from None
    section = document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(section, Mapping):
        raise RetentionError(f"{file}: not a valid file of Pulumi; it must be a mapping with the key {key}")
    return dict(section)
