"""Savings Plans and reserved instances: what they cover of the on-demand cost, and what they cost themselves.

They apply in the order of AWS: reserved instances, then EC2 Instance Savings Plans, then the others
(https://docs.aws.amazon.com/savingsplans/latest/userguide/sp-applying.html, 2026-11). Usage is taken as
even over the month.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from teei_finops.costing.amounts import HOURS, ZERO, Line, Range
from teei_finops.costing.regions import check_region
from teei_finops.costing.yaml_file import SettingError, day, known, mapping, near, number, one_of, text

COMPUTE, EC2_INSTANCE, SAGEMAKER = (
    "compute-savings-plan",
    "ec2-instance-savings-plan",
    "sagemaker-savings-plan",
)
RESERVED = "reserved-instances"
_ORDER = (RESERVED, EC2_INSTANCE, COMPUTE, SAGEMAKER)
TERMS = ("1-year", "3-years")
PAYMENTS = ("no-upfront", "partial-upfront", "all-upfront")
_COMMON = ("type", "term", "payment", "usd_per_hour", "until")
_KEYS = {
    RESERVED: (*_COMMON, "service", "instance", "region", "count"),
    EC2_INSTANCE: (*_COMMON, "discount_percent", "family", "region"),
    COMPUTE: (*_COMMON, "discount_percent"),
    SAGEMAKER: (*_COMMON, "discount_percent"),
}
_ENDS = ("low", "expected", "high")
_EXACT = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Commitment:
    """One entry of `commitments`.

    `usd_per_hour` is the commitment of a Savings Plan, or the effective price of one reserved instance, with
    upfront payments spread over the term. `discount_percent` is what a Savings Plan takes off on demand.
    """

    kind: str
    term: str
    payment: str
    usd_per_hour: Decimal
    discount_percent: Decimal = ZERO
    service: str = ""
    instance: str = ""
    family: str = ""
    region: str = ""
    count: Decimal = Decimal(1)
    until: date | None = None

    @property
    def name(self) -> str:
        scope = " ".join(part for part in (self.instance or self.family, self.region) if part)
        count = f"{self.count:f} × " if self.kind == RESERVED else ""
        return f"{count}{self.kind.replace('-', ' ')}{f' {scope}' if scope else ''}"

    @property
    def monthly_cost(self) -> Decimal:
        return self.usd_per_hour * self.count * HOURS

    def is_in_force(self, at: date) -> bool:
        """Through its last day."""
        return self.until is None or at <= self.until

    def covers(self, line: Line) -> bool:
        """Whether it applies to the charge (AWS Savings Plans user guide, 2026-11)."""
        if self.kind == RESERVED:
            return (line.service, line.key, line.region) == (self.service, self.instance, self.region)
        is_instance = line.service == "AmazonEC2" and line.family.startswith("instance-")
        if self.kind == EC2_INSTANCE:
            return is_instance and line.region == self.region and line.key.partition(".")[0] == self.family
        if self.kind == SAGEMAKER:
            return line.service == "AmazonSageMaker" and line.key.startswith("ml.")
        is_fargate = line.family.startswith("fargate") and line.key in ("vcpu", "memory")
        is_lambda = line.service == "AWSLambda" and line.key.endswith("gb-second")
        return is_instance or is_lambda or (is_fargate and line.service in ("AmazonECS", "AmazonEKS"))


@dataclass(frozen=True, slots=True)
class Coverage:
    """`covered` is the on-demand cost a month that it replaces, `unused` its cost that covers nothing."""

    commitment: Commitment
    covered: Range
    unused: Range


def coverage_of(commitments: Iterable[Commitment], lines: Sequence[Line]) -> list[Coverage]:
    """What each commitment covers of the charges, each charge once."""
    ordered = sorted(commitments, key=lambda commitment: _ORDER.index(commitment.kind))
    remaining = {end: [getattr(line.amount, end) for line in lines] for end in _ENDS}
    result = []
    for commitment in ordered:
        eligible = [index for index, line in enumerate(lines) if commitment.covers(line)]
        apply = _apply_reserved if commitment.kind == RESERVED else _apply_savings_plan
        covered, used = zip(
            *(apply(commitment, lines, eligible, remaining[end], end) for end in _ENDS), strict=True
        )
        unused = [commitment.monthly_cost - amount for amount in used]
        result.append(Coverage(commitment, Range(*covered), Range(*reversed(unused))))
    return result


def effective(amount: Range, coverages: Iterable[Coverage]) -> Range:
    """A total with the commitments in place of what they cover."""
    for coverage in coverages:
        amount = amount - coverage.covered + coverage.commitment.monthly_cost
    return amount


def _apply_savings_plan(
    plan: Commitment, _: Sequence[Line], eligible: list[int], remaining: list[Decimal], _end: str
) -> tuple[Decimal, Decimal]:
    """The on-demand cost that it covers, and the part of the commitment that this uses."""
    share = 1 - plan.discount_percent / 100
    capacity = (plan.monthly_cost / share).quantize(_EXACT)
    covered = ZERO
    for index in eligible:
        amount = min(capacity - covered, remaining[index])
        remaining[index] -= amount
        covered += amount
    return covered, min(covered * share, plan.monthly_cost)


def _apply_reserved(
    reserved: Commitment, lines: Sequence[Line], eligible: list[int], remaining: list[Decimal], end: str
) -> tuple[Decimal, Decimal]:
    """As `_apply_savings_plan`; an instance in two zones uses two reservations."""
    hours = available = reserved.count * HOURS
    covered = ZERO
    for index in eligible:
        line = lines[index]
        weight = 2 if line.family.endswith("multi-az") else 1
        used = min(hours, getattr(line.quantity, end) * weight)
        amount = min(used / weight * line.rate, remaining[index])
        remaining[index] -= amount
        covered += amount
        hours -= used
    return covered, (available - hours) * reserved.usd_per_hour


def read_commitment(entry: Any, where: str, services: set[str]) -> Commitment:
    """Raises `SettingError` with the key that is wrong."""
    kind = text(mapping(entry, where).get("type"), f"{where}.type")
    if kind not in _KEYS:
        raise SettingError(f"{where}.type: unknown type {kind!r}{near(kind, _KEYS) or known(_KEYS)}")
    values = mapping(entry, where, _KEYS[kind])
    until = values.get("until")
    percent = number(values["discount_percent"], f"{where}.discount_percent", maximum=Decimal(99)) if (
        "discount_percent" in _KEYS[kind] and values.get("discount_percent") is not None
    ) else None  # fmt: skip
    if percent is None and kind != RESERVED:
        raise SettingError(f"{where}.discount_percent: is required; it is what the plan takes off on demand")
    commitment = Commitment(
        kind=kind,
        term=one_of(values.get("term"), TERMS, f"{where}.term"),
        payment=one_of(values.get("payment"), PAYMENTS, f"{where}.payment"),
        usd_per_hour=number(values.get("usd_per_hour"), f"{where}.usd_per_hour"),
        discount_percent=percent or ZERO,
        until=None if until is None else day(until, f"{where}.until"),
        **{
            key: text(values.get(key), f"{where}.{key}")
            for key in ("service", "instance", "family", "region")
            if key in _KEYS[kind]
        },
        count=number(values.get("count"), f"{where}.count") if kind == RESERVED else Decimal(1),
    )
    if commitment.region:
        check_region(commitment.region, f"{where}.region")
    if commitment.service and commitment.service not in services:
        hint = near(commitment.service, services)
        raise SettingError(f"{where}.service: unknown service {commitment.service!r}{hint}")
    return commitment
