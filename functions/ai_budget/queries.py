"""The SQL files beside this package, read once when first asked for."""

import re
from functools import cache
from pathlib import Path

SQL = Path(__file__).parent / "sql"


def named(text: str) -> dict[str, str]:
    """The statements of a file by the `-- name:` line before each."""
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.M)[1:]
    return {
        name: re.sub(r"^--.*\n", "", body, flags=re.M).strip().rstrip(";")
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def queries() -> dict[str, str]:
    """The statements of queries.sql by name."""
    return named((SQL / "queries.sql").read_text(encoding="utf-8"))
