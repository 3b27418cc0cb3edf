"""The S3 storage classes that an object passes through under a bucket's lifecycle rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.inputs import Inputs
from teei_finops.costing.prices.storage_classes import StorageClass, storage_classes

CONFIGURATIONS = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
KB_PER_GB = Decimal(1024 * 1024)
VERSIONINGS = (
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
)
# Smaller objects are not moved unless a filter by size selects them; with the older default minimum they are
# moved to archive classes only. S3 user guide, lifecycle transitions, 2024-09.
SMALLEST_MOVED_KB = 128
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
SIZE_FILTERS = ("objectSizeGreaterThan", "objectSizeLessThan")


@dataclass(frozen=True, slots=True)
class Span:
    """Days `start` to `stop` of an object's life, `stop` None when nothing ends it."""

    start: Decimal
    stop: Decimal | None

    @property
    def period(self) -> str:
        return f"days {self.start:f} on" if self.stop is None else f"days {self.start:f} to {self.stop:f}"

    def days(self, without_end: Decimal) -> Decimal:
        stop = self.start + without_end if self.stop is None else self.stop
        return max(stop - self.start, Decimal(0))


@dataclass(frozen=True, slots=True)
class Stay:
    """The days of an object's life that it spends in one class."""

    storage_class: StorageClass
    span: Span

    @property
    def family(self) -> str:
        return self.storage_class.price_family

    @property
    def usage_name(self) -> str:
        return self.storage_class.usage_name

    @property
    def billed_days(self) -> Decimal | None:
        """At least the class's minimum storage days; None without an end."""
        if self.span.stop is None:
            return None
        return max(self.span.stop - self.span.start, Decimal(self.storage_class.min_days))

    def tiers(self) -> Iterator[tuple[str, Span]]:
        """Intelligent-Tiering moves objects that nothing reads after 30 and after 90 days."""
        edges = (("frequent", 0, 30), ("infrequent", 30, 90), ("archive-instant", 90, None))
        for tier, first, last in edges:
            start = self.span.start + first
            ends = [self.span.stop, None if last is None else self.span.start + last]
            stop = min((end for end in ends if end is not None), default=None)
            if stop is None or stop > start:
                yield tier, Span(start, stop)


def objects(gb: Range, size_kb: Range) -> Range:
    """How many objects hold `gb`; the low end is of the largest objects."""
    low, expected, high = (max(kb, Decimal(1)) for kb in (size_kb.high, size_kb.expected, size_kb.low))
    return Range(
        gb.low * KB_PER_GB / low,
        gb.expected * KB_PER_GB / expected,
        gb.high * KB_PER_GB / high,
        gb.assumed or size_kb.assumed,
    )


def padding(storage_class: StorageClass, size_kb: Range) -> Range:
    """The factor by which an object is billed for more than its size, in a class with a minimum size."""
    least = storage_class.min_billable_kb
    low, expected, high = (
        max(least / max(kb, Decimal(1)), Decimal(1)) for kb in (size_kb.high, size_kb.expected, size_kb.low)
    )
    return Range(low, expected, high, size_kb.assumed and least > 0)


def overhead_gb(storage_class: StorageClass, count: Range) -> tuple[Range, Range]:
    """GB billed beside each archived object: in its class, and in Standard."""

    def gb(kb: Decimal) -> Range:
        return count * kb / KB_PER_GB if kb else NOTHING

    return gb(storage_class.overhead_kb_at_class_rate), gb(storage_class.overhead_kb_at_standard_rate)


@dataclass(slots=True)
class LifecycleRules:
    """Transitions (day → storage class) and expiry of current and of noncurrent versions."""

    transitions: dict[Decimal, str] = field(default_factory=dict)
    expiry: Decimal | None = None
    noncurrent_transitions: dict[Decimal, str] = field(default_factory=dict)
    noncurrent_expiry: Decimal | None = None


def stays(ctx: EstimationContext, size_kb: Range) -> list[Stay]:
    """From Standard through the classes of the rules that cover the whole bucket, to expiry.

    In a versioned bucket an expired object is a noncurrent version from that day on, until a rule removes it.
    """
    rules = _lifecycle_rules(ctx, size_kb)
    transitions, end = rules.transitions, rules.expiry
    if end is not None and versioned(ctx):
        transitions = transitions | {end + day: name for day, name in rules.noncurrent_transitions.items()}
        if rules.noncurrent_expiry is None:
            end = None
            ctx.note("versioning keeps expired objects: no rule expires noncurrent versions")
        else:
            end += rules.noncurrent_expiry
    path = [("STANDARD", Decimal(0))] if Decimal(0) not in transitions else []
    path += [(transitions[day], day) for day in sorted(transitions) if end is None or day < end]
    stops = [day for _, day in path[1:]]
    return [
        Stay(storage_classes()[name], Span(start, stop))
        for (name, start), stop in zip(path, [*stops, end], strict=True)
        if stop is None or stop > start
    ]


def versioned(ctx: EstimationContext) -> bool:
    """Raises `Unpriced` where a versioning resource has an unresolved reference to its bucket."""
    if ctx.flag("versioning.enabled"):
        return True
    return any(
        resource.text("versioningConfiguration.status") == "Enabled"
        for token in VERSIONINGS
        for resource in ctx.referring(token, "bucket")
    )


def _lifecycle_rules(ctx: EstimationContext, size_kb: Range) -> LifecycleRules:
    rules = LifecycleRules()
    for rule, smallest in _rules(ctx, size_kb):
        for transition in rule.items("transitions"):
            name = transition.text("storageClass")
            if not transition.has("days"):
                ctx.note(f"lifecycle: the transition to {name} has a date, not days; left out")
            elif _moves(ctx, name, size_kb, smallest):
                rules.transitions[transition.number("days")] = name
        for transition in rule.items("noncurrentVersionTransitions"):
            name = transition.text("storageClass")
            if _moves(ctx, name, size_kb, smallest):
                rules.noncurrent_transitions[_noncurrent_days(transition)] = name
        for expiration in rule.items("expiration"):
            rules.expiry = _earlier(rules.expiry, expiration.number("days", 0))
        for expiration in rule.items("noncurrentVersionExpiration"):
            if not expiration.number("newerNoncurrentVersions", 0):
                rules.noncurrent_expiry = _earlier(rules.noncurrent_expiry, _noncurrent_days(expiration))
    return rules


def _earlier(expiry: Decimal | None, days: Decimal) -> Decimal | None:
    """The earlier of two expiries; 0 days are none."""
    if days <= 0:
        return expiry
    return days if expiry is None else min(expiry, days)


def _noncurrent_days(part: Inputs) -> Decimal:
    return part.number("noncurrentDays" if part.has("noncurrentDays") else "days", 0)


def _moves(ctx: EstimationContext, name: str, size_kb: Range, smallest: str) -> bool:
    """Whether objects of this size move to class `name`; `smallest` is which small objects stay behind."""
    if name not in storage_classes():
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
                _note_partial_rule(ctx, rule)
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
                    _note_partial_rule(ctx, rule)
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


def _note_partial_rule(ctx: EstimationContext, rule: Inputs) -> None:
    ctx.note(f"lifecycle: rule {rule.text('id', '')!r} applies to a part of the bucket; left out")
