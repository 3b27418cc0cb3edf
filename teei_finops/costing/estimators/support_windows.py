"""Whether a version is in standard or extended support on the day of the review."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.prices.price_book import SupportDates, support_dates


@dataclass(frozen=True)
class Support:
    """`extended` is true once standard support has ended; `year` counts from 1 within extended support."""

    extended: bool
    year: int = 0


def support_of(ctx: EstimationContext, service: str, component: str, version: str) -> Support:
    """By `support_dates.csv`; standard support lasts through its last day.

    A version newer than those of the file is in standard support, an older one is long in extended support. A
    version without a date has none announced.
    """
    windows = _windows(service, component)
    name = _known_name(version, windows)
    if name is None:
        old = is_older_than_known(service, component, version)
        if old:
            ctx.note(f"{component} {version} is older than the oldest version with known support dates")
        return Support(old, 3 if old else 0)
    ended = windows[name].standard_until
    if ended is None or ctx.at <= ended:
        return Support(False)
    last = windows[name].extended_until
    if last is not None and ctx.at > last:
        ctx.note(f"extended support of {component} {name} ended on {last}: AWS upgrades it")
    else:
        ctx.note(f"{component} {name} is in extended support since {ended}")
    return Support(True, _years(ended, ctx.at) + 1)


def window_of(service: str, component: str, version: str) -> SupportDates | None:
    """The support dates of a version, None where `support_dates.csv` does not have it."""
    windows = _windows(service, component)
    name = _known_name(version, windows)
    return windows[name] if name else None


def is_older_than_known(service: str, component: str, version: str) -> bool:
    """The version is older than every version of `support_dates.csv`, so that its support ended long ago."""
    known, numbers = [_numbers(name) for name in _windows(service, component)], _numbers(version)
    return bool(known and numbers) and numbers < min(known)


def _windows(service: str, component: str) -> dict[str, SupportDates]:
    return {
        known: dates
        for (of_service, of_component, known), dates in support_dates().items()
        if (of_service, of_component) == (service, component)
    }


def _known_name(version: str, windows: dict) -> str | None:
    """The longest version in the file that is a prefix of `version`, part by part."""
    numbers = _numbers(version)
    matching = [known for known in windows if numbers[: len(_numbers(known))] == _numbers(known)]
    return max(matching, key=lambda known: len(_numbers(known))) if matching else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition(".mysql_")[0]))


def _years(since: date, now: date) -> int:
    return now.year - since.year - ((now.month, now.day) <= (since.month, since.day))
