"""How often a schedule expression of AWS or Kubernetes fires in a month."""

from __future__ import annotations

import re
from decimal import Decimal

from teei_finops.costing.amounts import HOURS, MONTH_DAYS

_PER_HOUR = {"minute": Decimal(60), "hour": Decimal(1), "day": Decimal(1) / 24}
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def monthly_runs(expression: str) -> Decimal | None:
    """`rate(5 minutes)`, `cron(0 8 * * ? *)`, `at(…)`: runs in 730 hours; None when it cannot be read.

    A one-time `at(…)` and the `rate(0 minute)` of a canary count once.
    """
    text = expression.strip()
    if match := re.fullmatch(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)", text):
        every = Decimal(match[1])
        return HOURS * _PER_HOUR[match[2]] / every if every else Decimal(1)
    if re.fullmatch(r"at\(.*\)", text):
        return Decimal(1)
    if match := re.fullmatch(r"cron\((.*)\)", text):
        return cron_runs(match[1], first_day=1)
    return None


def cron_runs(text: str, *, first_day: int = 0) -> Decimal | None:
    """Runs in 730 hours of five or six cron fields (minute, hour, day, month, weekday, year).

    Weekdays count from `first_day`: 1 is Sunday for AWS, 0 for Kubernetes. The year is ignored.
    """
    fields = _MACROS.get(text.strip(), text).split()
    if len(fields) not in (5, 6):
        return None
    minutes = _count(fields[0], 0, 59)
    hours = _count(fields[1], 0, 23)
    months = _count(fields[3], 1, 12, _MONTH_NAMES)
    days = _days(fields[2], fields[4], first_day)
    if minutes is None or hours is None or months is None or days is None:
        return None
    return days * minutes * hours * months / 12


def _days(of_month: str, of_week: str, first_day: int) -> Decimal | None:
    """Days of an average month; two restricted fields mean either of them, as cron has it."""
    free = ("*", "?")
    monthly = None if of_month in free else _count(of_month, 1, 31)
    weekly = None if of_week in free else _weekdays(of_week, first_day)
    if (of_month not in free and monthly is None) or (of_week not in free and weekly is None):
        return None
    if monthly is None and weekly is None:
        return MONTH_DAYS
    by_week = Decimal(0) if weekly is None else weekly * MONTH_DAYS / 7
    by_month = Decimal(0) if monthly is None else Decimal(monthly)
    return min(by_week + by_month, MONTH_DAYS)


def _weekdays(text: str, first_day: int) -> Decimal | None:
    """Days of a week; `6L` and `2#1` are one day of a month."""
    if re.fullmatch(r"\w+(L|#\d)", text):
        return 7 / MONTH_DAYS
    last = 6 + max(first_day, 1)  # Kubernetes takes 7 for Sunday
    count = _count(text, first_day, last, _DAY_NAMES)
    return None if count is None else Decimal(min(count, 7))


def _count(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> int | None:
    """How many values of `low..high` a field names (`*`, `1,2`, `1-5`, `0/15`, `*/5`, `L`, `15W`)."""
    values: set[int] = set()
    for part in text.split(","):
        if part in ("*", "?"):
            values.update(range(low, high + 1))
            continue
        if part in ("L", "LW") or re.fullmatch(r"\d+W|L-\d+", part):
            values.add(high + 1)
            continue
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if first == "*" else _value(first, names, low)
        stop = _value(last, names, low) if dash else (high if step or first == "*" else start)
        every = int(step) if step.isdigit() else 0 if step else 1
        if start is None or stop is None or every < 1 or not (low <= start <= high and stop <= high):
            return None
        if stop < start:
            stop += high - low + 1
        values.update(low + (value - low) % (high - low + 1) for value in range(start, stop + 1, every))
    return len(values)


def _value(text: str, names: tuple[str, ...], low: int) -> int | None:
    if text.upper() in names:
        return names.index(text.upper()) + low
    return int(text) if text.isdigit() else None
