"""What the price book holds: Regions, services, dates and gaps, as tables for the terminal."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from teei_finops.costing.amounts import UNVERIFIED
from teei_finops.costing.prices.price_book import (
    FOLDER,
    GLOBAL,
    Rows,
    known_region,
    region_rows,
    regions,
)

UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Gap:
    """Dimensions without a price, by patterns of family and key; no Regions are all of them."""

    service: str
    family: str
    key: str
    regions: frozenset[str]
    reason: str


@cache
def known_gaps() -> tuple[Gap, ...]:
    """From `known_gaps.csv`."""
    with (FOLDER / "known_gaps.csv").open(newline="", encoding="utf-8") as file:
        return tuple(
            Gap(
                row["service"],
                row["family"],
                row["key"],
                frozenset() if row["regions"] == "*" else frozenset(row["regions"].split()),
                row["reason"],
            )
            for row in csv.DictReader(file)
        )


def all_regions_table() -> str:
    """One line a Region: services, prices, dates, prices without a public source, gaps."""
    lines = [
        f"{'REGION':16}{'SERVICES':>9}{'PRICES':>8}  {'OLDEST':12}{'NEWEST':12}{'UNVERIFIED':>10}{'GAPS':>6}"
    ]
    for region in (*regions(), GLOBAL):
        rows = region_rows(region)
        oldest, newest = _dates(rows)
        gaps = sum(region in gap.regions for gap in known_gaps())
        services = len({key[1] for key in rows})
        lines.append(
            f"{region:16}{services:>9}{len(rows):>8,}  {oldest:12}{newest:12}{_unverified(rows):>10}{gaps:>6}"
        )
    lines.append("")
    lines.append(
        "Gaps are dimensions that the Region lacks; run 'teei-finops prices show REGION' to list them."
    )
    return "\n".join(lines) + "\n"


def region_table(region: str) -> str:
    """The services of a Region with prices and dates, then its gaps. Raises `UserError` for another name."""
    by_service: dict[str, Rows] = {}
    for key, tiers in region_rows(known_region(region)).items():
        by_service.setdefault(key[1], {})[key] = tiers
    lines = [f"{'SERVICE':28}{'PRICES':>8}  {'OLDEST':12}{'NEWEST':12}{'UNVERIFIED':>10}"]
    for service, rows in sorted(by_service.items()):
        oldest, newest = _dates(rows)
        lines.append(f"{service:28}{len(rows):>8,}  {oldest:12}{newest:12}{_unverified(rows):>10}")
    lines += ["", "No price for:", *_gap_lines(region)]
    return "\n".join(lines) + "\n"


def _gap_lines(region: str) -> Iterator[str]:
    for gap in known_gaps():
        if region in gap.regions or not gap.regions:
            yield f"  {gap.service} {gap.family} {gap.key}: {gap.reason}"


def _dates(rows: Rows) -> tuple[str, str]:
    dates = sorted(row[7] for tiers in rows.values() for row in tiers if row[7] != UNDATED)
    return (dates[0], dates[-1]) if dates else (UNDATED, UNDATED)


def _unverified(rows: Rows) -> int:
    return sum(any(row[8] == UNVERIFIED for row in tiers) for tiers in rows.values())
