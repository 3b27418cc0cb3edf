"""S3 lifecycle rules as a schedule: what happens to an object on which day.

Reads the rules of a lifecycle configuration and the inline ones of a bucket alike.

Storage classes from warm to cold, and the days each is billed for at least: Amazon S3 User Guide,
"Transitioning objects using Amazon S3 Lifecycle" and "Understanding and managing Amazon S3 storage classes",
read 2026-11-24.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from policies.rule import Finding, Resource
from policies.values import Open, Value
from teei_finops.costing.prices.storage_classes import minimum_storage_days

BUCKETS = frozenset({"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"})
CONFIGURATIONS = frozenset({
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
})  # fmt: skip
COLDER = (
    "STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
)  # fmt: skip
MINIMUM_DAYS = minimum_storage_days()
FIRST_DAY = {"STANDARD_IA": 30, "ONEZONE_IA": 30}


@dataclass(frozen=True)
class Step:
    """A move to a storage class, or the end, on a day: of the object's age, or counted in the calendar."""

    day: int
    when: str
    storage_class: str
    rule: str

    def __str__(self) -> str:
        return f"{self.storage_class} on {self.when}"


@dataclass
class Schedule:
    """What happens to `what`."""

    what: str
    moves: list[Step] = field(default_factory=list)
    expiries: list[Step] = field(default_factory=list)

    @property
    def steps(self) -> list[Step]:
        """The moves in order of their day."""
        return sorted(self.moves, key=lambda each: each.day)

    @property
    def expiry(self) -> Step | None:
        return min(self.expiries, key=lambda each: each.day, default=None)

    def add(self, other: "Schedule") -> None:
        self.moves += other.moves
        self.expiries += other.expiries

    def __str__(self) -> str:
        ends = [f"expiry on {self.expiry.when}"] if self.expiry else []
        return ", ".join([*map(str, self.steps), *ends])


@dataclass(frozen=True)
class LifecycleRule:
    """One rule; each property raises `Open` where it is unknown."""

    value: Value

    @property
    def name(self) -> str:
        name = self.value["id"].data
        return name if isinstance(name, str) else self.value.path

    @property
    def active(self) -> bool:
        if self.value["enabled"].absent:
            return self.value["status"].text().lower() == "enabled"
        return self.value["enabled"].true()

    @property
    def whole_bucket(self) -> bool:
        """No prefix, tag or size limits it."""
        both = self.value["filter"]["and"]
        limits = [
            *(where[key] for where in (self.value, self.value["filter"], both) for key in ("prefix", "tags")),
            self.value["filter"]["tag"],
            *(where[size] for where in (self.value["filter"], both) for size in _SIZES),
        ]
        unknown = next((each for each in limits if each.unknown), None)
        if any(each.data for each in limits if not each.unknown):
            return False
        if unknown:
            raise Open(unknown.path)
        return True

    def schedules(self) -> list[Schedule]:
        """Of current objects by age, of current objects by date, and of noncurrent versions."""
        value = self.value
        by_age, by_date, versions = _empty()
        for each in value["transitions"].items():
            schedule = by_age if each["date"].blank() else by_date
            schedule.moves.append(self._step(each, "days"))
        for each in [*value["expiration"].items(), *value["expirations"].items()]:
            schedule = by_age if each["date"].blank() else by_date
            schedule.expiries.append(self._step(each, "days"))
        for each in value["noncurrentVersionTransitions"].items():
            versions.moves.append(self._step(each, "noncurrentDays"))
        for key in ("noncurrentVersionExpiration", "noncurrentVersionExpirations"):
            for each in value[key].items():
                versions.expiries.append(self._step(each, "noncurrentDays"))
        for schedule in (by_age, by_date, versions):
            schedule.expiries = [each for each in schedule.expiries if each.day > 0]
        return [by_age, by_date, versions]

    def _step(self, each: Value, key: str) -> Step:
        """Without a day or date it is day 0. An inline rule says `days` for versions, too."""
        storage_class, text = each["storageClass"].text(), each["date"].text()
        if text:
            return Step(_calendar_day(each["date"], text), text[:10], storage_class, self.name)
        day = int(each[key if not each[key].absent else "days"].number())
        return Step(day, f"day {day}", storage_class, self.name)

    @property
    def retains(self) -> bool:
        """It moves or deletes something after some time."""
        return any(each.steps or each.expiries for each in self.schedules())

    @property
    def expires_versions(self) -> bool:
        return bool(self.schedules()[2].expiries)

    @property
    def aborts_uploads(self) -> bool:
        block = self.value["abortIncompleteMultipartUpload"]["daysAfterInitiation"]
        return max(block.number(), self.value["abortIncompleteMultipartUploadDays"].number()) > 0


_SIZES = ("objectSizeGreaterThan", "objectSizeLessThan")


def _empty() -> list[Schedule]:
    return [Schedule("objects"), Schedule("objects"), Schedule("noncurrent versions")]


def _calendar_day(where: Value, text: str) -> int:
    try:
        return date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        raise Open(where.path, f"is {text!r}, not a date") from None


def rules_of(resource: Resource) -> list[LifecycleRule]:
    """The rules that a bucket or a lifecycle configuration declares. Raises `Open`."""
    key = "rules" if resource.type in CONFIGURATIONS else "lifecycleRules"
    return [LifecycleRule(each) for each in resource.props[key].items()]


def schedules_of(resource: Resource) -> Iterator[Schedule | Finding]:
    """The schedules of a resource's rules that are enabled: those for the whole bucket count together, one
    that is limited counts alone. What is unknown comes as `Open`."""
    together = _empty()
    for rule in rules_of(resource):
        try:
            if not rule.active:
                continue
            schedules = rule.schedules()
            whole = rule.whole_bucket
        except Open as unknown:
            yield unknown
            continue
        if whole:
            for one, other in zip(together, schedules, strict=True):
                one.add(other)
        else:
            yield from schedules
    yield from together
