"""A review as JSON: every figure, chart and table by agenda item. Amounts are decimal text."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from functions.cost_data.totals import decimal_text
from functions.reports.records import Action, Chart, Figure, Item, Review, Table, Value

# What a division leaves is rounded here; the amounts of a bill have fewer decimals.
PLACES = 12


def document(review: Review) -> dict[str, Any]:
    """The content of the JSON file."""
    return {
        "review": review.kind,
        "period": review.period,
        "title": review.title,
        "state": review.state.value,
        "estimated": bool(review.why_draft),
        "why_draft": review.why_draft or None,
        "at": _value(review.at),
        "read_at": _value(review.read_at),
        "aws_forecast": {key: _value(value) for key, value in review.aws_forecast.items()},
        "agenda": {item.key: _item(item) for item in review.items},
        "actions": [_action(action) for action in review.actions],
    }


def json_text(review: Review) -> str:
    """The JSON file."""
    return json.dumps(document(review), indent=2, ensure_ascii=False) + "\n"


def _item(item: Item) -> dict[str, Any]:
    return {
        "title": item.title,
        "headline": item.headline,
        "figures": {figure.key: _figure(figure) for figure in item.figures},
        "charts": {chart.key: _chart(chart) for chart in item.charts},
        "tables": {table.key: _table(table) for table in item.tables},
        "notes": list(item.notes),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    missing = {"missing": figure.missing} if figure.value is None else {}
    return {
        "label": figure.label,
        "value": _value(figure.value),
        "unit": figure.unit.value,
        "source": figure.source,
        **missing,
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "unit": chart.unit.value,
        "categories": list(chart.categories),
        "series": {series.name: [_value(value) for value in series.values] for series in chart.series},
        "source": chart.source,
    }


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "title": table.title,
        "columns": {
            column.key: {"label": column.label, "unit": column.unit.value} for column in table.columns
        },
        "rows": [dict(zip(keys, map(_value, row), strict=True)) for row in table.rows],
        "source": table.source,
    }


def _action(action: Action) -> dict[str, Any]:
    return {key: _value(value) for key, value in vars(action).items()}


def _value(value: Value | datetime) -> str | int | None:
    if isinstance(value, Decimal):
        return decimal_text(round(value, PLACES) if _decimals(value) > PLACES else value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
