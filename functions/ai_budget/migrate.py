"""Brings a database to the schema of this code. A database that has it already sees no DDL."""

from collections.abc import Iterable

from functions.ai_budget.ledger import applied, apply
from functions.ai_budget.queries import SQL

PHASES = ("pre", "post")


def migrations(phases: Iterable[str] = PHASES) -> list[tuple[str, str]]:
    """(name, SQL) of the phases' migrations, in order: `pre` runs before new code serves, `post` after."""
    paths = sorted((SQL / "migrations").glob("*.sql"))
    return [
        (path.stem, path.read_text(encoding="utf-8")) for path in paths if path.stem.split("_")[1] in phases
    ]


def migrate(conninfo: str, phases: Iterable[str] = PHASES) -> list[str]:
    """Applies what is missing, schema.sql to an empty database; returns the names. Raises Unavailable."""
    done = applied(conninfo)
    if done is None:
        everything = [name for name, _ in migrations()]
        return apply(
            conninfo, [(name, "") for name in everything], (SQL / "schema.sql").read_text(encoding="utf-8")
        )
    missing = [(name, sql) for name, sql in migrations(phases) if name not in done]
    return apply(conninfo, missing) if missing else []
