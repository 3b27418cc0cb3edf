"""The dated price book: what AWS lists for one unit, from one CSV file a Region in `regions/`.

`README.md` describes the columns and how to read them. A Region's file is read when one of its prices is
first looked up, and a row becomes a rate when it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from teei_finops.costing.yaml_file import known, near
from teei_finops.errors import UserError

FOLDER = Path(__file__).parent
REGIONS = FOLDER / "regions"
GLOBAL = "global"  # in place of a Region: prices that apply in every Region
REFERENCE = "us-east-1"  # the Region in which every dimension of the price book has a price, with few gaps
COLUMNS = ("region", "service", "family", "key", "unit", "usd", "tier_from", "as_of", "source")
_UNIT = re.compile(r"^(\d+)([kMB]?)-(.+)$")
_SCALE = {"": 1, "k": 1_000, "M": 1_000_000, "B": 1_000_000_000}

Key = tuple[str, str, str, str]
Rows = dict[Key, list[list[str]]]


class PriceFileError(UserError):
    """A `--prices` file cannot be used; the message gives file, line and column."""


@dataclass(frozen=True, slots=True)
class Tier:
    """US dollars per unit for the quantity above `start` (in base units)."""

    start: Decimal
    usd: Decimal
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """The list price of one dimension in one Region, tier by tier; a price book has one object for each.

    `per` is how many base units one `unit` is (1,000,000 for `1M-requests`); the first tier's `start` is
    an included quantity.
    """

    region: str
    service: str
    family: str
    key: str
    unit: str
    per: Decimal
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Allowance:
    """An always-free monthly quantity of an account, of a Region or of a WAF scope."""

    service: str
    key: str
    unit: str
    free: Decimal
    scope: str


@dataclass(frozen=True, slots=True)
class SupportDates:
    """When standard and extended support of a version end; None when none is announced."""

    standard_until: date | None
    extended_until: date | None


class PriceBook:
    """Rates by (region, service, family, key); prices of the Region `global` apply in every Region.

    `rows` take precedence over those that `read` returns for a Region, which is read when it is first needed.
    """

    def __init__(
        self, rows: Mapping[Key, list[list[str]]], read: Callable[[str], Rows] = lambda _: {}
    ) -> None:
        self._rows = rows
        self._read = read
        self._rates: dict[Key, Rate | None] = {}
        self._looked_up: set[str] = set()

    def find(self, region: str | None, service: str, family: str, key: str) -> Rate | None:
        wanted = (region or GLOBAL, service, family, key)
        try:
            return self._rates[wanted]
        except KeyError:
            self._looked_up.add(wanted[0])
            rows = self.rows(wanted) or self.rows((GLOBAL, service, family, key))
            rate = self._rates[wanted] = _rate(rows) if rows else None
            return rate

    def rows(self, key: Key) -> list[list[str]]:
        """The rows of a key, tier by tier; empty where there is none."""
        return self._rows.get(key) or self._read(key[0]).get(key) or []

    def keys(self, region: str) -> set[Key]:
        """The keys that have a price in a Region, without those of `global`."""
        return {key for key in self._rows if key[0] == region} | self._read(region).keys()

    def services(self) -> set[str]:
        """The codes of the services that have a price."""
        rows = (self._rows, self._read(REFERENCE), self._read(GLOBAL))
        return {key[1] for keys in rows for key in keys}

    @property
    def newest(self) -> str:
        """The newest date of a row among the Regions that were looked up; empty without one."""
        read = (self._read(region) for region in {*self._looked_up, GLOBAL})
        dates = (row[7] for rows in (self._rows, *read) for tiers in rows.values() for row in tiers)
        return max((day for day in dates if day[:2] == "20"), default="")

    def with_overrides(self, rows: Rows) -> PriceBook:
        """Rows for a (region, service, family, key) replace all rows it had, tiers included."""
        return PriceBook({**self._rows, **rows}, self._read)


def split_unit(unit: str) -> tuple[Decimal, str]:
    """`1M-requests` → (1000000, `requests`); a unit without a number is its own base."""
    match = _UNIT.match(unit)
    return (Decimal(int(match[1]) * _SCALE[match[2]]), match[3]) if match else (Decimal(1), unit)


def _rate(rows: list[list[str]]) -> Rate:
    tiers = sorted((Tier(Decimal(r[6]), Decimal(r[5]), r[7], r[8]) for r in rows), key=lambda t: t.start)
    region, service, family, key, unit = rows[0][:5]
    return Rate(region, service, family, key, unit, split_unit(unit)[0], tuple(tiers))


@cache
def regions() -> tuple[str, ...]:
    """The Regions that have prices, sorted, without `global`."""
    return tuple(sorted(path.stem for path in REGIONS.glob("*.csv") if path.stem != GLOBAL))


def known_region(name: str) -> str:
    """The name, where the price book has it; otherwise raises `UserError` with the nearest one."""
    if name in (*regions(), GLOBAL):
        return name
    raise UserError(f"no prices for the Region {name!r}{near(name, regions()) or known(regions())}")


@cache
def region_rows(region: str) -> Rows:
    """The rows of a Region's file by key, in the file's order; empty for a Region without one."""
    rows: Rows = {}
    if region != GLOBAL and region not in regions():
        return rows
    with (REGIONS / f"{region}.csv").open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            rows.setdefault((row[0], row[1], row[2], row[3]), []).append(row)
    return rows


def list_prices() -> PriceBook:
    """The price book of this project, list prices without discounts."""
    return PriceBook({}, region_rows)


def read_overrides(path: Path, book: PriceBook) -> Rows:
    """A user's rows, in the columns of the price book; `as_of` and `source` may be empty.

    Raises `PriceFileError` with the line and the column of the first bad value.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _read_overrides(csv.reader(file), str(path), book)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not a CSV file ({error})"
        raise PriceFileError(f"{path}: {reason}") from None


def _read_overrides(reader, name: str, book: PriceBook) -> Rows:
    header = [column.strip() for column in next(reader, [])]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise PriceFileError(f"{name}: no column {', '.join(missing)}; it needs {','.join(COLUMNS)}")
    positions = [header.index(column) for column in COLUMNS]
    units = {key[1:]: book.rows(key)[0][4] for place in (REFERENCE, GLOBAL) for key in book.keys(place)}
    known_units = {split_unit(unit)[1] for unit in units.values()}
    rows: Rows = {}
    for raw in reader:
        if not any(cell.strip() for cell in raw):
            continue
        where = f"{name}: line {reader.line_num}"
        if len(raw) < len(header):
            raise PriceFileError(f"{where}: column {header[len(raw)]} is missing")
        row = [raw[position].strip() for position in positions]
        for column in range(5):
            if not row[column]:
                raise PriceFileError(f"{where}, column {COLUMNS[column]}: empty")
        row[5] = _money(row[5], f"{where}, column usd")
        row[6] = _money(row[6] or "0", f"{where}, column tier_from")
        base = split_unit(row[4])[1]
        key = (row[0], row[1], row[2], row[3])
        same = units.get(key[1:]) or next((known_row[4] for known_row in book.rows(key)), None)
        if base not in known_units or (same and split_unit(same)[1] != base):
            wanted = f"use {same}" if same else "no row of the price book has it"
            raise PriceFileError(f"{where}, column unit: unknown unit {row[4]!r}; {wanted}")
        tiers = rows.setdefault(key, [])
        if any(Decimal(tier[6]) == Decimal(row[6]) for tier in tiers):
            raise PriceFileError(f"{where}, column tier_from: a second row for tier {row[6]}")
        if tiers and tiers[0][4] != row[4]:
            raise PriceFileError(f"{where}, column unit: {row[4]!r}, but its other tiers say {tiers[0][4]!r}")
        row[8] = row[8] or f"{name} line {reader.line_num}"
        tiers.append(row)
    return rows


def _money(text: str, where: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise PriceFileError(f"{where}: {text!r} is not a number") from None
    if not value.is_finite() or value < 0 or value > Decimal("1e15"):
        raise PriceFileError(f"{where}: {text!r} is not an amount of 0 or more")
    return format(value, "f")


@cache
def allowances() -> dict[tuple[str, str], Allowance]:
    """Monthly always-free quantities by (service, key)."""
    with (FOLDER / "aws_free_allowances.csv").open(newline="", encoding="utf-8") as file:
        return {
            (r["service"], r["key"]): Allowance(
                r["service"], r["key"], r["unit"], Decimal(r["free_per_month"]), r["scope"]
            )
            for r in csv.DictReader(file)
        }


@cache
def support_dates() -> dict[tuple[str, str, str], SupportDates]:
    """Support windows by (service, engine or component, version)."""
    with (FOLDER / "support_dates.csv").open(newline="", encoding="utf-8") as file:
        return {
            (r["service"], r["engine_or_component"], r["version"]): SupportDates(
                _date(r["standard_support_until"]), _date(r["extended_support_until"])
            )
            for r in csv.DictReader(file)
        }


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
