"""`refresh-prices`: rewrites rows of the price book from the AWS Price List, for review as a diff.

`refresh_rules.csv` maps rows to products of the list. Rows without a rule, and rows whose product is not in
the list, are unchanged and counted.
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
from teei_finops.costing.prices.price_book import FOLDER, split_unit

# Prefixes of usage types in the Price List; docs.aws.amazon.com/cur/latest/userguide, 2026-10.
PREFIXES = {"us-east-1": "", "eu-central-1": "EUC1-"}
HEADER = ["region", "service", "family", "key", "unit", "usd", "tier_from", "as_of", "source", "checked"]
Products = Callable[[str, dict[str, str]], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`key` is `*` when `key_attribute` of each product gives it."""

    service: str
    family: str
    key: str
    list_service: str
    filters: dict[str, str]
    key_attribute: str


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


def refresh(services: Iterable[str] | None, output: Path | None) -> str:
    """Rewrites the file (the price book without `output`) and returns a summary. Raises `AwsError`."""
    path = output or FOLDER / "aws_prices.csv"
    source = path if path.is_file() else FOLDER / "aws_prices.csv"
    with source.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    pricing = aws.client("pricing", "us-east-1")
    wanted = set(services or ())
    rules = [rule for rule in read_rules() if not wanted or rule.service in wanted]
    fresh = fresh_tiers(rows, rules, lambda service, filters: aws.products(pricing, service, filters))
    refreshed, changed = rewritten(rows, fresh)
    _write(path, refreshed)
    covered = {(row[0], row[1], row[2], row[3]) for row in rows}
    return (
        f"refresh-prices: {changed} of {len(covered)} prices changed, {len(fresh)} confirmed or changed, "
        f"{len(covered) - len(fresh)} unchanged; review the diff of {path}"
    )


Tier = tuple[Decimal, Decimal]  # from, US dollars per base unit
Fresh = dict[tuple[str, str, str, str], tuple[list[Tier], str]]


def fresh_tiers(rows: list[list[str]], rules: list[Rule], products: Products) -> Fresh:
    """The prices in the list for keys of the book, with their publication date."""
    keys = {(row[0], row[1], row[2], row[3]) for row in rows}
    fresh: Fresh = {}
    for rule in rules:
        for region, prefix in PREFIXES.items():
            if not any(key[:3] == (region, rule.service, rule.family) for key in keys):
                continue
            filters = {name: value.format(prefix=prefix) for name, value in rule.filters.items()}
            for product in products(rule.list_service, {"regionCode": region, **filters}):
                attributes = product["product"]["attributes"]
                name = attributes.get(rule.key_attribute, "") if rule.key == "*" else rule.key
                key = (region, rule.service, rule.family, name)
                tiers = list(_tiers(product))
                if key not in keys or not tiers:
                    continue
                if key in fresh and fresh[key][0] != tiers:
                    raise aws.AwsError(
                        f"AWS pricing: two products for {' '.join(key)}; refresh_rules.csv needs a filter"
                    )
                fresh[key] = (tiers, str(product.get("publicationDate", ""))[:10])
    return fresh


def _tiers(product: dict[str, Any]) -> Iterator[Tier]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        dimensions = sorted(term["priceDimensions"].values(), key=lambda d: Decimal(d["beginRange"]))
        for dimension in dimensions:
            yield Decimal(dimension["beginRange"]), Decimal(dimension["pricePerUnit"]["USD"])


def rewritten(rows: list[list[str]], fresh: Fresh) -> tuple[list[list[str]], int]:
    """The rows with fresh tiers instead of old ones, and how many prices differ."""
    result: list[list[str]] = []
    done: set[tuple[str, ...]] = set()
    before = _grouped(rows, fresh)
    changed = 0
    for row in rows:
        key = (row[0], row[1], row[2], row[3])
        if key not in fresh:
            result.append(row)
        elif key not in done:
            done.add(key)
            tiers, published = fresh[key]
            per, _ = split_unit(row[4])
            new = [(start, usd * per) for start, usd in tiers]
            changed += sorted(new) != before[key]
            day = published or date.min.isoformat()
            result += [
                [*key, row[4], _plain(usd), _plain(start), day, f"AWS Price List@{day}", ""]
                for start, usd in new
            ]
    return result, changed


def _grouped(rows: list[list[str]], fresh: Fresh) -> dict[tuple[str, ...], list[Tier]]:
    grouped: dict[tuple[str, ...], list[Tier]] = {}
    for row in rows:
        key = (row[0], row[1], row[2], row[3])
        if key in fresh:
            grouped.setdefault(key, []).append((Decimal(row[6]), Decimal(row[5])))
    return {key: sorted(tiers) for key, tiers in grouped.items()}


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _write(path: Path, rows: list[list[str]]) -> None:
    """Replaces the file atomically: an interruption leaves the old one."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, delete=False, newline="", encoding="utf-8"
    ) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)
    os.replace(file.name, path)
