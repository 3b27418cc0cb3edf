"""Values as a reader sees them."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from functions.reports.records import Figure, Unit, Value

NOT_MEASURED = "not measured"
_BYTES = ("B", "KB", "MB", "GB", "TB", "PB", "EB")


def text(value: Value, unit: Unit) -> str:
    """A value with its unit, such as $98,432, +4.1 %, 1.8 TB or 14 November 2026."""
    if value is None:
        return NOT_MEASURED
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, str):
        return value
    number = Decimal(value)
    match unit:
        case Unit.USD:
            return dollars(number)
        case Unit.USD_CHANGE:
            return ("+" if number > 0 and _rounded(number, 2) else "") + dollars(number)
        case Unit.PERCENT:
            return f"{_rounded(number, 1)} %"
        case Unit.PERCENT_CHANGE:
            return f"{_rounded(number, 1):+} %"
        case Unit.BYTES:
            return _bytes(number)
        case _:
            return f"{number:,}"


def cell_text(value: Value, unit: Unit) -> str:
    """A value in a table: a dash if there is none, and short dates."""
    if value is None:
        return "–"
    return value.isoformat() if isinstance(value, date) else text(value, unit)


def figure_text(figure: Figure) -> str:
    """The value of a figure with its unit."""
    return text(figure.value, figure.unit)


def dollars(amount: Decimal) -> str:
    """US dollars: whole ones from 1,000 on, and cents below."""
    rounded = _rounded(amount, 0 if abs(amount) >= 1000 else 2)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,}"


def percent_of(part: Decimal, whole: Decimal | None) -> Decimal | None:
    """`part` in percent of `whole`; None without a whole."""
    return part * 100 / whole if whole else None


def percent_change(now: Decimal, before: Decimal | None) -> Decimal | None:
    """The change from `before` in percent; None if there was nothing before."""
    return (now - before) * 100 / abs(before) if before else None


def _rounded(number: Decimal, places: int) -> Decimal:
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


def _bytes(number: Decimal) -> str:
    size, index = number, 0
    while abs(size) >= 1000 and index < len(_BYTES) - 1:
        size, index = size / 1000, index + 1
    return f"{_rounded(size, 0 if index == 0 else 1)} {_BYTES[index]}"
