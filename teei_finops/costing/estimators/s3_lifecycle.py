"""The way an object takes through the S3 classes by a bucket's lifecycle rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.estimation_context import EstimationContext, Inputs
from teei_finops.costing.prices.price_book import s3_minima

CONFIGURATIONS = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
KB_PER_GB = Decimal(1024 * 1024)
VERSIONINGS = (
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
)
# Objects below this are not moved unless a filter by size says so; with the older default minimum they are
# moved to the archive classes only. S3 user guide, lifecycle transitions, 2024-09.
SMALLEST_MOVED_KB = 128
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
SIZE_FILTERS = ("objectSizeGreaterThan", "objectSizeLessThan")

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


@dataclass(slots=True)
class Rules:
    """What the rules for the whole bucket say, in days: of an object's life, and of an old version's."""

    moves: dict[Decimal, str] = field(default_factory=dict)
    end: Decimal | None = None
    old_moves: dict[Decimal, str] = field(default_factory=dict)
    old_end: Decimal | None = None


def stays(ctx: EstimationContext, size_kb: Range) -> list[Stay]:
    """From Standard through the classes of the rules that cover the whole bucket, to expiry.

    In a versioned bucket an expired object is an old version from that day on, until a rule removes it.
    """
    rules = _read(ctx, size_kb)
    moves, end = rules.moves, rules.end
    if end is not None and versioned(ctx):
        moves = moves | {end + day: name for day, name in rules.old_moves.items()}
        if rules.old_end is None:
            end = None
            ctx.note("versioning keeps expired objects: no rule removes old versions")
        else:
            end += rules.old_end
    path = [("STANDARD", Decimal(0))] if Decimal(0) not in moves else []
    path += [(moves[day], day) for day in sorted(moves) if end is None or day < end]
    stops = [day for _, day in path[1:]]
    return [
        Stay(*_NAMES[name], start, stop)
        for (name, start), stop in zip(path, [*stops, end], strict=True)
        if stop is None or stop > start
    ]


def versioned(ctx: EstimationContext) -> bool:
    """Raises `Unpriced` where a versioning resource may be this bucket's and nobody knows."""
    if ctx.flag("versioning.enabled"):
        return True
    return any(
        resource.text("versioningConfiguration.status") == "Enabled"
        for token in VERSIONINGS
        for resource in ctx.referring(token, "bucket")
    )


def _read(ctx: EstimationContext, size_kb: Range) -> Rules:
    rules = Rules()
    for rule, smallest in _rules(ctx, size_kb):
        for transition in rule.items("transitions"):
            name = transition.text("storageClass")
            if not transition.has("days"):
                ctx.note(f"lifecycle: the move to {name} has a date, not days; left out")
            elif _moves(ctx, name, size_kb, smallest):
                rules.moves[transition.number("days")] = name
        for transition in rule.items("noncurrentVersionTransitions"):
            name = transition.text("storageClass")
            if _moves(ctx, name, size_kb, smallest):
                rules.old_moves[_old_days(transition)] = name
        for expiration in rule.items("expiration"):
            days = expiration.number("days", 0)
            if days > 0:
                rules.end = days if rules.end is None else min(rules.end, days)
        for expiration in rule.items("noncurrentVersionExpiration"):
            days = _old_days(expiration)
            if days > 0 and not expiration.number("newerNoncurrentVersions", 0):
                rules.old_end = days if rules.old_end is None else min(rules.old_end, days)
    return rules


def _old_days(part: Inputs) -> Decimal:
    return part.number("noncurrentDays" if part.has("noncurrentDays") else "days", 0)


def _moves(ctx: EstimationContext, name: str, size_kb: Range, smallest: str) -> bool:
    """Whether objects of this size go to class `name`; `smallest` says which small ones stay behind."""
    if name not in _NAMES:
        ctx.note(f"lifecycle: unknown storage class {name}; left out")
        return False
    stays_behind = smallest == "all" or (smallest == "not-archive" and name not in ARCHIVES)
    if stays_behind and size_kb.expected < SMALLEST_MOVED_KB:
        ctx.note(f"lifecycle: objects below {SMALLEST_MOVED_KB} KB are not moved to {name}")
        return False
    return True


def _rules(ctx: EstimationContext, size_kb: Range) -> Iterator[tuple[Inputs, str]]:
    """Enabled rules that cover the whole bucket, and which small objects they leave behind."""
    for rule in ctx.items("lifecycleRules"):
        if rule.flag("enabled"):
            if rule.text("prefix", "") or rule.raw.get("tags"):
                _partial(ctx, rule)
            else:
                yield rule, "all"
    for token in CONFIGURATIONS:
        for configuration in ctx.referring(token, "bucket"):
            minimum = configuration.text("transitionDefaultMinimumObjectSize", "")
            smallest = "not-archive" if minimum.startswith("varies") else "all"
            for rule in configuration.items("rules"):
                if rule.text("status", "Enabled") != "Enabled":
                    continue
                chosen = [rule.part("filter"), rule.part("filter.and")]
                if rule.text("prefix", "") or any(_is_partial(part) for part in chosen):
                    _partial(ctx, rule)
                elif all(_has_size(part, size_kb) for part in chosen):
                    sized = any(part.has(path) for part in chosen for path in SIZE_FILTERS)
                    yield rule, "none" if sized else smallest


def _is_partial(chosen: Inputs) -> bool:
    return any(chosen.raw.get(name) for name in ("prefix", "tag", "tags"))


def _has_size(chosen: Inputs, size_kb: Range) -> bool:
    """Whether an object of the expected size passes the filter's bounds, which are in bytes."""
    greater, less = (chosen.number(path, 0) for path in SIZE_FILTERS)
    size = size_kb.expected * 1024
    return size > greater and (not less or size < less)


def _partial(ctx: EstimationContext, rule: Inputs) -> None:
    ctx.note(f"lifecycle: rule {rule.text('id', '')!r} covers a part of the bucket; its effect is left out")
