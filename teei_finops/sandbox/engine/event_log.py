"""The engine's event log (`--event-log`): mandatory policy violations and the exit code they mean."""

import json
from collections.abc import Iterator
from typing import Any


def mandatory_violations(log: str) -> list[str]:
    """The names of the violated mandatory policies, without repetition; `log` is JSON lines."""
    names = (
        event["policyEvent"]["policyName"]
        for event in _events(log)
        if event.get("policyEvent", {}).get("enforcementLevel") == "mandatory"
    )
    return list(dict.fromkeys(names))


def exit_code(engine_code: int, log: str, *, user_error: str | None) -> int:
    """0 for success; 1 when mandatory policies block the change; 2 for any other error."""
    if engine_code == 0:
        return 0
    return 1 if user_error is None and mandatory_violations(log) else 2


def _events(log: str) -> Iterator[dict[str, Any]]:
    for line in log.splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # the engine was stopped while it wrote this line
            continue
        if isinstance(event, dict):
            yield event
