"""Figures as text in the units that the dashboards use."""

from collections.abc import Callable

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_POWERS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def text(value: float, unit: str, decimals: int | None = None) -> str:
    """A figure in a unit of Grafana."""
    return _UNITS.get(unit, _with_suffix(unit))(value, decimals)


def short(value: float, unit: str) -> str:
    """A figure for the labels of an axis, like $40k."""
    if unit != "currencyUSD":
        return text(value, unit)
    sign = "−" if value < 0 else ""
    return f"{sign}${abs(value) / 1000:,.3g}k" if abs(value) >= 1000 else f"{sign}${abs(value):,.3g}"


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        decimals = 0 if abs(value) >= 100 or value == int(value) else 2
    return f"{value:,.{decimals}f}"


def _usd(value: float, decimals: int | None) -> str:
    sign = "−" if round(value, 4) < 0 else ""
    return f"{sign}${_number(abs(value), decimals)}"


def _seconds(value: float, _: int | None) -> str:
    if value < 1:
        return f"{value * 1000:,.0f} ms"
    span, name = next(((span, name) for span, name in _SPANS if value >= span), _SPANS[-1])
    return f"{value / span:,.{0 if value / span >= 10 or span == 1 else 1}f} {name}"


def _bytes(value: float, _: int | None) -> str:
    power, name = next(((power, name) for power, name in _POWERS if value >= power), (1, "B"))
    return f"{value / power:,.{2 if value / power < 10 else 0}f} {name}"


def _with_suffix(unit: str) -> Callable[[float, int | None], str]:
    suffix = unit.removeprefix("suffix:") if unit.startswith("suffix:") else ""
    return lambda value, decimals: f"{_number(value, decimals)}{suffix}"


_UNITS: dict[str, Callable[[float, int | None], str]] = {
    "currencyUSD": _usd,
    "percent": lambda value, decimals: f"{_number(value, decimals)} %",
    "percentunit": lambda value, decimals: f"{_number(100 * value, decimals)} %",
    "d": lambda value, decimals: f"{_number(value, decimals)} days",
    "s": _seconds,
    "short": _number,
    "decbytes": _bytes,
}
