"""The statements of `.sql` files by the name in the comment before each: `-- name: last_read`."""

import re
from pathlib import Path
from typing import LiteralString, cast


def named_statements(*files: Path) -> dict[str, LiteralString]:
    """The statements of the files by their names, without comment lines."""
    statements = {}
    for file in files:
        parts = re.split(r"^-- name: (\w+)\n", file.read_text(encoding="utf-8"), flags=re.M)
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            lines = [line for line in body.strip().splitlines() if not line.startswith("--")]
            statements[name] = cast(LiteralString, "\n".join(lines))
    return statements
