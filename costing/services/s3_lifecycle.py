"""The way an object takes through the S3 classes by a bucket's lifecycle rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from costing.model import NOTHING, Range
from costing.price_book import s3_minima
from costing.subject import Subject, Values

CONFIGURATIONS = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
KB_PER_GB = Decimal(1024 * 1024)
# Objects below this are not moved unless the rule says so; S3 user guide, lifecycle transitions, 2024-09.
SMALLEST_MOVED_KB = 128

# Storage class of a rule → usage key prefix, price family.
_NAMES = {
    "STANDARD": ("standard", "standard"),
    "STANDARD_IA": ("standard_ia", "standard-ia"),
    "ONEZONE_IA": ("onezone_ia", "onezone-ia"),
    "INTELLIGENT_TIERING": ("intelligent_tiering", "intelligent-tiering"),
    "GLACIER_IR": ("glacier_ir", "glacier-ir"),
    "GLACIER": ("glacier_flexible", "glacier-flexible"),
    "DEEP_ARCHIVE": ("deep_archive", "deep-archive"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Days of an object's life, `stop` None when nothing ends it."""

    start: Decimal
    stop: Decimal | None

    def days(self, without_end: Decimal) -> Decimal:
        stop = self.start + without_end if self.stop is None else self.stop
        return max(stop - self.start, Decimal(0))


@dataclass(frozen=True, slots=True)
class Stay:
    """The days `start` to `stop` of an object's life that it spends in one class."""

    usage_name: str
    family: str
    start: Decimal
    stop: Decimal | None

    @property
    def billed_days(self) -> Decimal | None:
        """At least the class's minimum storage days."""
        if self.stop is None:
            return None
        return max(self.stop - self.start, s3_minima()[self.family]["min_days"])

    @property
    def words(self) -> str:
        return f"days {self.start:f} on" if self.stop is None else f"days {self.start:f} to {self.stop:f}"

    def tiers(self) -> Iterator[tuple[str, Span]]:
        """Intelligent-Tiering moves what nobody reads after 30 and after 90 days."""
        edges = (("frequent", 0, 30), ("infrequent", 30, 90), ("archive-instant", 90, None))
        for tier, first, last in edges:
            start = self.start + first
            stop = self.stop if last is None else self.start + last
            if self.stop is not None:
                stop = self.stop if stop is None else min(stop, self.stop)
            if stop is None or stop > start:
                yield tier, Span(start, stop)


def objects(gb: Range, size_kb: Range) -> Range:
    """How many objects hold `gb`; the low end has the largest objects."""
    low, expected, high = (max(kb, Decimal(1)) for kb in (size_kb.high, size_kb.expected, size_kb.low))
    return Range(
        gb.low * KB_PER_GB / low,
        gb.expected * KB_PER_GB / expected,
        gb.high * KB_PER_GB / high,
        gb.assumed or size_kb.assumed,
    )


def padding(family: str, size_kb: Range) -> Range:
    """How much more than its size an object is billed for, in a class with a minimum size."""
    least = s3_minima()[family]["min_billable_kb"]
    low, expected, high = (
        max(least / max(kb, Decimal(1)), Decimal(1)) for kb in (size_kb.high, size_kb.expected, size_kb.low)
    )
    return Range(low, expected, high, size_kb.assumed and least > 0)


def overhead_gb(family: str, count: Range) -> tuple[Range, Range]:
    """Billed beside each archived object: in its class and in Standard."""
    minima = s3_minima()[family]
    kb = minima["overhead_kb_at_class_rate"], minima["overhead_kb_at_standard_rate"]
    return tuple(count * each / KB_PER_GB if each else NOTHING for each in kb)  # type: ignore[return-value]


def stays(r: Subject, size_kb: Range) -> list[Stay]:
    """From Standard through the classes of the rules that cover the whole bucket, to expiry."""
    moves: dict[Decimal, str] = {}
    end: Decimal | None = None
    for rule, small_too in _rules(r):
        for transition in rule.items("transitions"):
            name = transition.text("storageClass")
            if not transition.has("days"):
                r.note(f"lifecycle: the move to {name} has a date, not days; left out")
            elif not small_too and size_kb.expected < SMALLEST_MOVED_KB:
                r.note(f"lifecycle: objects below {SMALLEST_MOVED_KB} KB are not moved to {name} by default")
            elif name in _NAMES:
                moves[transition.number("days")] = name
            else:
                r.note(f"lifecycle: unknown storage class {name}; left out")
        for expiration in rule.items("expiration"):
            days = expiration.number("days", 0)
            if days > 0:
                end = days if end is None else min(end, days)
    path = [("STANDARD", Decimal(0))] if Decimal(0) not in moves else []
    path += [(moves[day], day) for day in sorted(moves) if end is None or day < end]
    stops = [day for _, day in path[1:]]
    return [
        Stay(*_NAMES[name], start, stop)
        for (name, start), stop in zip(path, [*stops, end], strict=True)
        if stop is None or stop > start
    ]


def _rules(r: Subject) -> Iterator[tuple[Values, bool]]:
    """Enabled rules without a filter, and whether they move small objects, too."""
    for rule in r.items("lifecycleRules"):
        if rule.flag("enabled"):
            if rule.text("prefix", "") or rule.has("tags"):
                _partial(r, rule)
            else:
                yield rule, False
    for token in CONFIGURATIONS:
        for configuration in r.referring(token, "bucket"):
            small_too = configuration.text("transitionDefaultMinimumObjectSize", "").startswith("varies")
            for rule in configuration.items("rules"):
                if rule.text("status", "Enabled") != "Enabled":
                    continue
                if rule.text("prefix", "") or _is_partial(rule.part("filter")):
                    _partial(r, rule)
                else:
                    yield rule, small_too


def _is_partial(chosen: Values) -> bool:
    return any(value not in (None, "", {}, []) for value in chosen.raw.values())


def _partial(r: Subject, rule: Values) -> None:
    r.note(f"lifecycle: rule {rule.text('id', '')!r} covers a part of the bucket; its effect is left out")
