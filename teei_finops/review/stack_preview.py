"""What one run of the engine's preview leaves behind, as the sandbox hands it to the review."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preview:
    """One stack's preview.

    `document` is what `pulumi preview --json --show-sames` printed on stdout, `events` the engine's event log
    of the same run (JSON lines), `exit_code` the engine's, `stderr` what it printed beside the document.
    Both texts are empty where the engine did not get that far.
    """

    stack: str
    document: str
    events: str
    exit_code: int
    stderr: str
