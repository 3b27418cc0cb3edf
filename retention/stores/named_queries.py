"""The statements of a `.sql` file by the name in the comment before each: `-- name: slots`."""

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"


@cache
def named_queries(file: str) -> dict[str, str]:
    """The statements of a file in `sql/`, without semicolons."""
    parts = re.split(r"^-- name: (\w+)\n", (_FOLDER / file).read_text(encoding="utf-8"), flags=re.M)
    return {name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}
