"""Values in a preview: which are unknown until deploy or secret, and the value at a path."""

from __future__ import annotations

from typing import Any

# The engine's placeholders for values that are known only after a deployment (pulumi v3.259.0,
# sdk/go/common/resource/plugin/rpc.go).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # a string, and in JSON every kind
UNKNOWN_VALUES = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
SECRET = "[secret]"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"


def is_unknown(value: Any) -> bool:
    return isinstance(value, str) and (value in UNKNOWN_VALUES or value.endswith(UNKNOWN))


def is_secret(value: Any) -> bool:
    if isinstance(value, str):
        return value == SECRET
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


def value_at(value: Any, path: str) -> Any:
    """The value at a dotted path (`launchTemplate.id`, `rules.0.ebs`), None where there is none."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif is_unknown(value) or is_secret(value):
            return value
        else:
            return None
        if value is None:
            return None
    return value
