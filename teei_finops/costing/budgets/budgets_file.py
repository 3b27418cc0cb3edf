"""`budgets.yaml`, and the budgets in the config of stacks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from teei_finops.cost_explorer import SERVICES
from teei_finops.costing.budgets.commitments import Commitment, read_commitment
from teei_finops.costing.preview.plan import Plan
from teei_finops.costing.prices.price_book import PriceBook
from teei_finops.costing.pricing import Discount
from teei_finops.costing.yaml_file import (
    SettingError,
    day,
    flag,
    known,
    load,
    mapping,
    near,
    number,
    one_of,
    text,
    version_1,
)

ENFORCEMENTS = ("advisory", "mandatory")
HUNDRED = Decimal(100)
_KEYS = ("version", "coverage", "budgets", "waivers", "discounts", "commitments")
_COVERAGE_KEYS = ("min_percent", "enforcement", "allow_unpriced")
_BUDGET_KEYS = ("name", "scope", "monthly_limit_usd", "max_increase_usd", "max_increase_percent")

DATA_TRANSFER_GROUP = "Data Transfer"


@dataclass(frozen=True, slots=True)
class Scope:
    """The costs that a budget counts: all (empty `kind`), or those of a stack, Region, service or tag."""

    kind: str = ""
    values: tuple[str, ...] = ()
    key: str = ""

    def as_json(self) -> dict[str, Any]:
        if not self.kind:
            return {}
        if self.kind == "tag":
            return {"tag": {"key": self.key, "value": self.values[0]}}
        return {self.kind: self.values[0] if len(self.values) == 1 else list(self.values)}


@dataclass(frozen=True, slots=True)
class Budget:
    """US dollars a month; a limit or cap that is None does not apply."""

    name: str
    scope: Scope
    monthly_limit: Decimal | None = None
    max_increase: Decimal | None = None
    max_increase_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Makes an exceeded budget advisory through the day `expires`."""

    budget: str
    owner: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Budgets:
    """Budgets and what applies to all of them.

    `min_percent` of the resources that can bill must have a price; `coverage` is the enforcement when fewer
    have one. `allow_unpriced` lets a change pass of which no resource that can bill has a price.
    """

    budgets: tuple[Budget, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    discounts: tuple[Discount, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    min_percent: Decimal | None = None
    coverage: str = "advisory"
    allow_unpriced: bool = False


def read_budgets(path: Path, book: PriceBook) -> Budgets:
    """The budgets of a file. Raises `SettingError` with the wrong key, and a similar known key or service."""
    name = str(path)
    document = mapping(load(path), name, _KEYS)
    version_1(document, name)
    coverage = mapping(document.get("coverage") or {}, f"{name}: coverage", _COVERAGE_KEYS)
    services = book.services()
    budgets = [
        _budget(entry, f"{name}: budgets[{index}]", services)
        for index, entry in enumerate(_list(document, "budgets", name))
    ]
    names = [budget.name for budget in budgets]
    duplicate = next((budget for budget in names if names.count(budget) > 1), None)
    if duplicate:
        raise SettingError(f"{name}: two budgets are named {duplicate!r}; rename one of them")
    waivers = [
        _waiver(entry, f"{name}: waivers[{index}]")
        for index, entry in enumerate(_list(document, "waivers", name))
    ]
    discounts = [
        _discount(entry, f"{name}: discounts[{index}]", services)
        for index, entry in enumerate(_list(document, "discounts", name))
    ]
    return Budgets(
        tuple(budgets),
        tuple(waivers),
        tuple(discounts),
        tuple(
            read_commitment(entry, f"{name}: commitments[{index}]", services)
            for index, entry in enumerate(_list(document, "commitments", name))
        ),
        number(coverage["min_percent"], f"{name}: coverage.min_percent", maximum=HUNDRED)
        if coverage.get("min_percent") is not None
        else None,
        one_of(coverage.get("enforcement", "advisory"), ENFORCEMENTS, f"{name}: coverage.enforcement"),
        flag(coverage.get("allow_unpriced", False), f"{name}: coverage.allow_unpriced"),
    )


def check_waivers(waivers: tuple[Waiver, ...], budgets: tuple[Budget, ...], where: str) -> None:
    """Raises `SettingError` for a waiver of a budget that does not exist."""
    names = [budget.name for budget in budgets]
    for waiver in waivers:
        if waiver.budget not in names:
            raise SettingError(
                f"{where}: waiver names an unknown budget {waiver.budget!r}{near(waiver.budget, names)}"
            )


def budgets_of_config(plan: Plan) -> tuple[Budget, ...]:
    """The budgets in the stack's own config (`<project>:budgets`, as our settings write them), if any."""
    raw = plan.config.get(f"{plan.project}:budgets")
    try:
        entries = json.loads(raw) if isinstance(raw, str) else raw
    except ValueError:
        return ()
    if not isinstance(entries, dict):
        return ()
    budgets = (_of_config(name, entry) for name, entry in entries.items() if isinstance(entry, dict))
    return tuple(budget for budget in budgets if budget is not None)


def _of_config(name: str, entry: dict[str, Any]) -> Budget | None:
    limit = _amount(entry.get("limit"))
    if limit is None:
        return None
    if entry.get("regions"):
        scope = Scope("region", tuple(map(str, entry["regions"])))
    elif entry.get("services"):
        codes = [SERVICES.get(service) or service for service in map(str, entry["services"])]
        scope = Scope("service", tuple(dict.fromkeys(codes)))
    elif any(DATA_TRANSFER_GROUP in str(group) for group in entry.get("usage_type_groups") or ()):
        scope = Scope("service", ("AWSDataTransfer",))
    elif isinstance(tag := entry.get("tag"), dict):
        scope = Scope("tag", (str(tag.get("value")),), str(tag.get("key")))
    else:
        scope = Scope()
    caps = _amount(entry.get("max_increase_usd")), _amount(entry.get("max_increase_percent"))
    return Budget(name, scope, limit, *caps)


def _amount(value: Any) -> Decimal | None:
    try:
        amount = None if value is None or isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and amount >= 0 else None


def _list(document: dict[str, Any], key: str, where: str) -> list[Any]:
    value = document.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise SettingError(f"{where}: {key} must be a list")
    return value


def _budget(entry: Any, where: str, services: set[str]) -> Budget:
    values = mapping(entry, where, _BUDGET_KEYS)
    name = text(values.get("name"), f"{where}.name")
    where = f"{where} ({name})"
    limit, cap, percent = (
        None if values.get(key) is None else number(values[key], f"{where}.{key}") for key in _BUDGET_KEYS[2:]
    )
    if limit is None and cap is None and percent is None:
        raise SettingError(f"{where}: needs one of {', '.join(_BUDGET_KEYS[2:])}")
    return Budget(name, _scope(values.get("scope"), f"{where}.scope", services), limit, cap, percent)


def _scope(raw: Any, where: str, services: set[str]) -> Scope:
    values = mapping({} if raw is None else raw, where, ("stack", "region", "service", "tag"))
    if len(values) > 1:
        raise SettingError(
            f"{where}: must have one of stack, region, service, tag, not {' and '.join(values)}"
        )
    if not values:
        return Scope()
    ((kind, value),) = values.items()
    if kind == "tag":
        tag = mapping(value, f"{where}.tag", ("key", "value"))
        tag_value = tag.get("value")
        if not isinstance(tag_value, str):
            tag_value = text(str(tag_value) if tag_value is not None else None, where)
        return Scope("tag", (tag_value,), text(tag.get("key"), f"{where}.tag.key"))
    value = text(value, f"{where}.{kind}")
    if kind == "service" and value not in services:
        raise SettingError(f"{where}: unknown service {value!r}{near(value, services) or known(services)}")
    return Scope(kind, (value,))


def _waiver(entry: Any, where: str) -> Waiver:
    values = mapping(entry, where, ("budget", "owner", "reason", "expires"))
    budget, owner, reason = (text(values.get(key), f"{where}.{key}") for key in ("budget", "owner", "reason"))
    return Waiver(budget, owner, reason, day(values.get("expires"), f"{where}.expires"))


def _discount(entry: Any, where: str, services: set[str]) -> Discount:
    values = mapping(entry, where, ("service", "percent", "until"))
    service = text(values.get("service"), f"{where}.service")
    if service not in services:
        raise SettingError(f"{where}: unknown service {service!r}{near(service, services)}")
    percent = number(values.get("percent"), f"{where}.percent", maximum=HUNDRED)
    until = values.get("until")
    return Discount(service, percent, None if until is None else day(until, f"{where}.until"))
