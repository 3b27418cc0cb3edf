"""The rules of the advisor: their texts from the catalogue that they share with the policy pack."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from functions.advisor.findings import Risk

RULES = Path(__file__).with_name("rules.toml")
CATALOGUE = Path(__file__).parents[2] / "policies" / "catalogue" / "catalogue.toml"


@dataclass(frozen=True)
class Rule:
    """One rule; `permissions` are the IAM actions that it needs."""

    id: str
    description: str
    why: str
    fix: str
    severity: str
    sources: tuple[str, ...]
    risk: Risk
    permissions: tuple[str, ...]


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id, in the order of rules.toml."""
    texts = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {
        name: Rule(
            id=name,
            description=texts[name]["description"],
            why=texts[name]["why"],
            fix=texts[name]["fix"],
            severity=texts[name]["severity"],
            sources=tuple(texts[name].get("sources", ())),
            risk=Risk(rule["risk"]),
            permissions=tuple(rule.get("permissions", ())),
        )
        for name, rule in tomllib.loads(RULES.read_text(encoding="utf-8")).items()
    }


def risk_of(rule: str) -> Risk:
    return rules()[rule].risk
