"""Reads the stack config; the only module that does."""

import json
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.config import CONFIG
from pydantic import ValidationError

from components.settings.errors import SettingsError, explain
from components.settings.stack import Settings

PROJECT = "teei-finops"
PREFIX = f"{PROJECT}:"
EMPTY = ("", "{}")  # the defaults of required keys in Pulumi.yaml: the same as a missing key


def parse(config: Mapping[str, str]) -> Settings:
    """The settings in `config`, the stack's config as the engine passes it: full keys, objects as JSON.

    Raises `SettingsError`.
    """
    own = {key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)}
    document = {key: _decoded(key, value) for key, value in own.items() if value not in EMPTY}
    try:
        return Settings.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, PREFIX)) from None


def _decoded(key: str, value: str) -> Any:
    field = Settings.model_fields.get(key)
    if field is None or field.annotation is str:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def load() -> Settings:
    """The settings of the stack that the engine runs. Raises `SettingsError`."""
    return parse(CONFIG.get())
