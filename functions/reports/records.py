"""A review: items of an agenda, each with figures, charts and tables that name their source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

Value = Decimal | int | str | date | None


class ReportError(Exception):
    """A mistake that the user can correct; the message is one line."""


class Unit(StrEnum):
    """What a value counts."""

    USD = "USD"
    USD_CHANGE = "USD change"
    PERCENT = "percent"
    PERCENT_CHANGE = "percent change"
    BYTES = "bytes"
    COUNT = "count"
    DATE = "date"
    TEXT = "text"


class ChartKind(StrEnum):
    """How a chart draws its series."""

    COLUMNS = "columns"
    STACKED = "stacked columns"
    BARS = "bars"
    LINES = "lines"


class State(StrEnum):
    """Whether the figures of a review can still change."""

    DRAFT = "draft"
    FINAL = "final"


@dataclass(frozen=True)
class Figure:
    """One number. `value` is None if it is not measured; `missing` then says why, and what is needed."""

    key: str
    label: str
    value: Value
    unit: Unit
    source: str
    missing: str = ""


@dataclass(frozen=True)
class Series:
    """The values of a chart, one for each category."""

    name: str
    values: Sequence[Decimal | None]


@dataclass(frozen=True)
class Chart:
    """`categories` are the labels of the axis; every series has a value, or None, for each."""

    key: str
    title: str
    kind: ChartKind
    categories: Sequence[str]
    series: Sequence[Series]
    unit: Unit
    source: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for series in self.series for value in series.values)


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    key: str
    label: str
    unit: Unit = Unit.TEXT


@dataclass(frozen=True)
class Table:
    """Rows of values in the order of the columns. `empty` is shown in place of no rows."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    source: str
    empty: str = "None."


@dataclass(frozen=True)
class Item:
    """An item of the agenda. `headline` is its result in one sentence; `notes` are limits of its figures."""

    key: str
    title: str
    headline: str
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Action:
    """A recommendation with who does it until when. Savings in US dollars a month."""

    rule: str
    resource: str
    owner: str
    deadline: date | None
    saving: Decimal | None
    status: str
    change: str = ""
    realized: Decimal | None = None


@dataclass(frozen=True)
class Review:
    """A monthly or quarterly review of `period`, YYYY-MM or YYYYQn, as known at an instant.

    `why_draft` is empty in a final one. `aws_forecast` has the month, mean, low and high of the forecast of
    AWS that was stored at that time, in US dollars; later reviews compare it with what the month cost.
    """

    kind: str
    period: str
    title: str
    state: State
    why_draft: str
    at: datetime
    read_at: datetime
    items: Sequence[Item]
    actions: Sequence[Action] = ()
    aws_forecast: Mapping[str, Value] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The name of its files, without the ending."""
        return f"{self.kind}-{self.period}"

    def item(self, key: str) -> Item:
        """The item of the agenda with a key."""
        return next(item for item in self.items if item.key == key)
