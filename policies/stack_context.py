"""What the policies know about a stack besides its resources, from its config."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ENVIRONMENT = "environment"
BUDGETS = "budgets"
DATABASE = "database"
BACKUP_DAYS = "backup_retention_days"


@dataclass(frozen=True)
class StackContext:
    """`environment` is blank and `backup_days` None where the config does not set them."""

    environment: str = ""
    budgets: frozenset[str] = frozenset()
    backup_days: int | None = None
    config: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> "StackContext":
        """From a stack's config as the engine passes it: `namespace:key` to text, objects as JSON.

        The namespace may be that of any project. Budgets are an object whose keys are their names, or a list
        of names or of objects with a `name`.
        """
        values = {key.rpartition(":")[2]: text for key, text in config.items()}
        database = _parsed(values.get(DATABASE))
        days = database.get(BACKUP_DAYS) if isinstance(database, Mapping) else None
        return cls(
            environment=values.get(ENVIRONMENT, ""),
            budgets=frozenset(_names(_parsed(values.get(BUDGETS)))),
            backup_days=days if isinstance(days, int) else None,
            config=dict(config),
        )


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except json.JSONDecodeError:
        return None


def _names(budgets: Any) -> list[str]:
    if isinstance(budgets, Mapping):
        return list(budgets)
    if not isinstance(budgets, list):
        return []
    names = (budget.get("name") if isinstance(budget, Mapping) else budget for budget in budgets)
    return [name for name in names if isinstance(name, str)]
