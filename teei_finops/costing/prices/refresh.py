"""`prices refresh`: rewrites the price rows of a Region from the AWS Price List, for review as a diff.

`refresh_rules.csv` maps rows to products of the list. Rows without a rule, and rows whose product is not in
the list, are unchanged and counted; a dimension that us-east-1 has and the Region lacks is added.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from teei_finops.costing import aws
from teei_finops.costing.prices.price_book import (
    FOLDER,
    REFERENCE,
    REGIONS,
    Key,
    Rows,
    known_region,
    region_rows,
    split_unit,
)

HEADER = ["region", "service", "family", "key", "unit", "usd", "tier_from", "as_of", "source", "checked"]
Products = Callable[[str, dict[str, str]], Iterable[dict[str, Any]]]
Tier = tuple[Decimal, Decimal]  # from, US dollars per base unit
Fresh = dict[Key, tuple[list[Tier], str]]  # with the publication date


@dataclass(frozen=True, slots=True)
class Rule:
    """`key` is `*` when `key_attribute` of each product gives it."""

    service: str
    family: str
    key: str
    list_service: str
    filters: dict[str, str]
    key_attribute: str

    def filters_in(self, region: str, prefix: str) -> dict[str, str]:
        """The filters for a Region, whose usage types begin with `prefix`."""
        filled = {name: value.format(prefix=prefix) for name, value in self.filters.items()}
        return {"regionCode": region, **filled}


def read_rules() -> list[Rule]:
    with (FOLDER / "refresh_rules.csv").open(newline="", encoding="utf-8") as file:
        return [
            Rule(
                r["service"],
                r["family"],
                r["key"],
                r["list_service"],
                dict(part.split("=", 1) for part in r["filters"].split(";")),
                r["key_attribute"],
            )
            for r in csv.DictReader(file)
        ]


def usage_type_prefixes() -> dict[str, str]:
    """What usage types of a Region begin with, by Region, as usage reports show it (`EUC1-`), from
    https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-region-billing-codes.html, 2026-11.
    """
    with (FOLDER / "usage_type_prefixes.csv").open(newline="", encoding="utf-8") as file:
        return {row["region"]: row["prefix"] for row in csv.DictReader(file)}


def refresh(region: str, services: Iterable[str] | None, output: Path | None) -> str:
    """Rewrites the Region's file of the price book, or writes `output`, and returns a summary.

    Raises `AwsError`, and `UserError` for a Region that the price book does not have.
    """
    path = output or REGIONS / f"{known_region(region)}.csv"
    pricing = aws.client("pricing", "us-east-1")
    wanted = set(services or ())
    rules = [rule for rule in read_rules() if not wanted or rule.service in wanted]
    rows = dict(region_rows(known_region(region)))
    fresh = fresh_tiers(region, rows, rules, lambda service, filters: aws.products(pricing, service, filters))
    refreshed, changed, added = rewritten(rows, fresh)
    _write(path, refreshed)
    return (
        f"prices refresh: {region}: {changed} of {len(rows)} prices changed, {added} added, "
        f"{len(fresh) - changed - added} confirmed, {len(rows) + added - len(fresh)} not looked up or not "
        f"in the list; review the diff of {path}"
    )


def fresh_tiers(region: str, rows: Rows, rules: list[Rule], products: Products) -> Fresh:
    """The prices in the list for keys of the Region and of us-east-1."""
    units = _units(rows)
    prefix = usage_type_prefixes().get(region, "")  # `global` has none
    fresh: Fresh = {}
    for rule in rules:
        if not any(key[:2] == (rule.service, rule.family) for key in units):
            continue
        for product in products(rule.list_service, rule.filters_in(region, prefix)):
            attributes = product["product"]["attributes"]
            name = attributes.get(rule.key_attribute, "") if rule.key == "*" else rule.key
            key = (region, rule.service, rule.family, name)
            tiers = list(_tiers(product))
            if key[1:] not in units or not tiers:
                continue
            if key in fresh and fresh[key][0] != tiers:
                raise aws.AwsError(
                    f"AWS pricing: two products for {' '.join(key)}; refresh_rules.csv needs a filter"
                )
            fresh[key] = (tiers, str(product.get("publicationDate", ""))[:10])
    return fresh


def rewritten(rows: Rows, fresh: Fresh) -> tuple[Rows, int, int]:
    """The rows with fresh tiers instead of old ones, how many prices differ, and how many are new."""
    units = _units(rows)
    result, changed, added = dict(rows), 0, 0
    for key, (tiers, published) in fresh.items():
        unit = units[key[1:]]
        per, _ = split_unit(unit)
        new = sorted((start, usd * per) for start, usd in tiers)
        old = sorted((Decimal(row[6]), Decimal(row[5])) for row in rows.get(key, ()))
        added += not old
        changed += bool(old) and new != old
        day = published or date.min.isoformat()
        result[key] = [
            [*key, unit, _plain(usd), _plain(start), day, f"AWS Price List@{day}", ""] for start, usd in new
        ]
    return result, changed, added


def _units(rows: Rows) -> dict[tuple[str, str, str], str]:
    return {key[1:]: tiers[0][4] for key, tiers in (*region_rows(REFERENCE).items(), *rows.items())}


def _tiers(product: dict[str, Any]) -> Iterator[Tier]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        dimensions = sorted(term["priceDimensions"].values(), key=lambda d: Decimal(d["beginRange"]))
        for dimension in dimensions:
            yield Decimal(dimension["beginRange"]), Decimal(dimension["pricePerUnit"]["USD"])


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _write(path: Path, rows: Rows) -> None:
    """Replaces the file atomically: an interruption leaves the old one."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, delete=False, newline="", encoding="utf-8"
    ) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(row for key in sorted(rows) for row in rows[key])
    os.replace(file.name, path)
