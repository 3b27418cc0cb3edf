"""The stack prod with other settings of its cost data."""

from functools import cache

from tests.components.recorded import Stack, record_config
from tests.components.stack_config import config


@cache
def recorded_with(*changes: tuple[str, str]) -> Stack:
    """What the program registers for prod with single values replaced."""
    return record_config("prod", config("prod", dict(changes)))
