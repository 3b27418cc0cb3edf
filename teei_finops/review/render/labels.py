"""How operations, severities and statuses are shown to people: one table for all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

POSITIVE, CAUTION, NEGATIVE, NEUTRAL = "positive", "caution", "negative", "neutral"  # classes in review.css


@dataclass(frozen=True)
class Operation:
    """What the engine does to a resource: its symbol in the Pulumi CLI, and the words after a count."""

    name: str
    symbol: str
    counted: str
    tone: str
    is_change: bool = False  # whether the report lists the resource

    @property
    def label(self) -> str:
        return f"{self.symbol} {self.name}".strip()


# In the order in which they are listed.
OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("create", "+", "to create", POSITIVE, is_change=True),
        Operation("update", "~", "to update", CAUTION, is_change=True),
        Operation("replace", "+-", "to replace", NEGATIVE, is_change=True),
        Operation("delete", "-", "to delete", NEGATIVE, is_change=True),
        Operation("import", "=", "to import", POSITIVE, is_change=True),
        Operation("read", ">", "to read", NEUTRAL),
        Operation("refresh", "~", "to refresh", NEUTRAL),
        Operation("discard", "<", "to discard", NEUTRAL),
        Operation("same", "", "unchanged", NEUTRAL),
    )
}

# Severities and enforcement levels of policies, statuses of budgets, outcomes of the review.
_TONES = {
    "critical": NEGATIVE, "high": NEGATIVE, "mandatory": NEGATIVE, "fail": NEGATIVE, "incomplete": NEGATIVE,
    "medium": CAUTION, "low": CAUTION, "advisory": CAUTION, "waived": CAUTION, "unpriced": CAUTION,
    "pass": POSITIVE, "within": POSITIVE,
}  # fmt: skip


def operation(name: str) -> Operation:
    return OPERATIONS.get(name) or Operation(name, "", name, NEUTRAL)


def short_type(token: str) -> str:
    """`aws:ec2:NatGateway` of `aws:ec2/natGateway:NatGateway`."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    return f"{package}:{module.partition('/')[0]}:{name}" if package == "aws" and module else token


def tone(word: str) -> str:
    """The tone of a severity, an enforcement level or a status."""
    return _TONES.get(word, NEUTRAL)


def operation_counts(counts: Mapping[str, int]) -> list[str]:
    """`2 to create`, `76 unchanged`: the operations of one plan, without those that do not occur."""
    return [f"{count} {operation.counted}" for operation, count in counted_operations(counts)]


def counted_operations(counts: Mapping[str, int]) -> list[tuple[Operation, int]]:
    return [(operation, counts[name]) for name, operation in OPERATIONS.items() if counts.get(name)]
