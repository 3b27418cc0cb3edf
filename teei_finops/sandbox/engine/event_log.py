"""What one run of the engine says about the gate, read from its event log."""

import json
from collections.abc import Iterator
from typing import Any


def mandatory_violations(events: str) -> list[str]:
    """The mandatory policies that said no, each once, from the engine's event log (JSON lines)."""
    found = (
        event["policyEvent"]["policyName"]
        for event in _events(events)
        if event.get("policyEvent", {}).get("enforcementLevel") == "mandatory"
    )
    return list(dict.fromkeys(found))


def exit_code(engine: int, events: str, *, user_error: str | None) -> int:
    """0 for success, 1 where a gate said no, 2 for an error."""
    if engine == 0:
        return 0
    return 1 if user_error is None and mandatory_violations(events) else 2


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # the engine was stopped while it wrote this line
            continue
        if isinstance(event, dict):
            yield event
