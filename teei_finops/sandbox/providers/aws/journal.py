"""The journal of a fake AWS account: what a later process needs to restore its resources."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Key = tuple[str, str]  # resource type and id


@dataclass
class Entry:
    """How to restore one resource; `seed` is the one that its random ids came from."""

    region: str
    seed: int
    inputs: Mapping[str, Any]
    account: str


class Journal:
    """A file of JSON lines, readable by its owner only; the last line about a resource counts."""

    def __init__(self, path: Path):
        self._path = path

    def read(self) -> dict[Key, Entry]:
        """The last entry of each resource, in the order of creation."""
        entries: dict[Key, Entry] = {}
        for line in self._path.read_text().splitlines() if self._path.exists() else []:
            try:
                record = json.loads(line)
            except ValueError:  # the process was killed while it wrote this line
                continue
            key = (record.pop("type"), record.pop("id"))
            if record:
                entries[key] = Entry(**record)
            else:
                entries.pop(key, None)
        return entries

    def append(self, key: Key, entry: Entry | None) -> None:
        """Record a resource; None for one that was deleted."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        record = {"type": key[0], "id": key[1], **(asdict(entry) if entry else {})}
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a") as file:
            file.write(json.dumps(record) + "\n")

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
