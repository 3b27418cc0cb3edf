"""A verification as lines and as JSON."""

from dataclasses import asdict
from typing import Any

from retention.verification import Verification


def lines(verification: Verification) -> list[str]:
    """One line for each difference."""
    return [difference.line for difference in verification.differences]


def summary(verification: Verification) -> str:
    """One line: how much was verified, and what was left out."""
    checks = sum(findings.checks for findings in verification.findings)
    stores = ", ".join(findings.store for findings in verification.findings) or "no store"
    text = (
        f"verify: {verification.stack}: {_count(len(verification.differences), 'difference')}"
        f" in {_count(checks, 'check')} of {stores}"
    )
    if verification.not_verified:
        reasons = (f"{store} ({reason})" for store, reason in verification.not_verified.items())
        text += f"; not verified: {', '.join(reasons)}"
    return text


def document(verification: Verification) -> dict[str, Any]:
    """The JSON of `verify --json`; docs/storage-retention.md describes it."""
    return {
        "stack": verification.stack,
        "at": verification.at.isoformat(),
        "compliant": verification.exit_code == 0,
        "checks": {findings.store: findings.checks for findings in verification.findings},
        "differences": [asdict(difference) for difference in verification.differences],
        "errors": verification.errors,
        "not_verified": verification.not_verified,
        "measured": {findings.store: findings.measured for findings in verification.findings},
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
