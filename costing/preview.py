"""What the sandbox hands to the cost review: one stack's preview."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preview:
    """One run of `pulumi preview --json --show-sames`.

    `document` is what it printed, `events` the engine's event log of the same run (or None), `exit_code` and
    `stderr` the engine's.
    """

    stack: str
    document: str
    events: str | None
    exit_code: int
    stderr: str
