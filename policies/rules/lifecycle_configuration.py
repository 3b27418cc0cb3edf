"""S3 lifecycle rules as a schedule: what happens to an object on which day.

Reads the rules of a lifecycle configuration and the inline rules of a bucket.

Storage classes from warm to cold: Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle",
read 2026-11-24.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from policies.properties import Property, Undetermined
from policies.resources import Resource

BUCKETS = frozenset({"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"})
CONFIGURATIONS = frozenset({
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
})  # fmt: skip
WARM_TO_COLD = (
    "STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
)  # fmt: skip

SIZES = ("objectSizeGreaterThan", "objectSizeLessThan")


@dataclass(frozen=True)
class Action:
    """A transition to a storage class, or an expiration, which has none.

    `day` is the object's age in days, or the number of a calendar day; `when` is how it is written.
    """

    day: int
    when: str
    storage_class: str
    rule: "LifecycleRule"

    def __str__(self) -> str:
        return f"{self.storage_class} on {self.when}"


@dataclass
class Schedule:
    """What happens to `objects`, such as the noncurrent versions."""

    objects: str
    transitions: list[Action] = field(default_factory=list)
    expirations: list[Action] = field(default_factory=list)

    @property
    def ordered(self) -> list[Action]:
        """The transitions in order of their day."""
        return sorted(self.transitions, key=lambda action: action.day)

    @property
    def expiration(self) -> Action | None:
        """The first one."""
        return min(self.expirations, key=lambda action: action.day, default=None)

    def add(self, other: "Schedule") -> None:
        self.transitions += other.transitions
        self.expirations += other.expirations

    def __str__(self) -> str:
        end = [f"expiration on {self.expiration.when}"] if self.expiration else []
        return ", ".join([*map(str, self.ordered), *end])


@dataclass(frozen=True)
class LifecycleRule:
    """One rule; each property raises `Undetermined` where it is unknown."""

    block: Property

    @property
    def name(self) -> str:
        name = self.block["id"].data
        return name if isinstance(name, str) else self.block.path

    @property
    def active(self) -> bool:
        if self.block["enabled"].absent:
            return self.block["status"].text().lower() == "enabled"
        return self.block["enabled"].boolean()

    @property
    def whole_bucket(self) -> bool:
        """No prefix, tag or size limits it."""
        conjunction = self.block["filter"]["and"]
        limits = [
            *(
                block[key]
                for block in (self.block, self.block["filter"], conjunction)
                for key in ("prefix", "tags")
            ),
            self.block["filter"]["tag"],
            *(block[size] for block in (self.block["filter"], conjunction) for size in SIZES),
        ]
        unknown = next((limit for limit in limits if limit.unknown), None)
        if any(limit.data and limit.data != "0" for limit in limits if not limit.unknown):
            return False
        if unknown:
            raise Undetermined(unknown.path)
        return True

    def schedules(self) -> list[Schedule]:
        """Of current objects by age, of current objects by date, and of noncurrent versions."""
        block = self.block
        by_age, by_date, versions = _empty_schedules()
        for transition in block["transitions"].items():
            schedule = by_age if transition["date"].blank() else by_date
            schedule.transitions.append(self._action(transition, "days"))
        for expiration in [*block["expiration"].items(), *block["expirations"].items()]:
            schedule = by_age if expiration["date"].blank() else by_date
            schedule.expirations.append(self._action(expiration, "days"))
        for transition in block["noncurrentVersionTransitions"].items():
            versions.transitions.append(self._action(transition, "noncurrentDays"))
        for key in ("noncurrentVersionExpiration", "noncurrentVersionExpirations"):
            for expiration in block[key].items():
                versions.expirations.append(self._action(expiration, "noncurrentDays"))
        for schedule in (by_age, by_date, versions):
            schedule.expirations = [action for action in schedule.expirations if action.day > 0]
        return [by_age, by_date, versions]

    def _action(self, block: Property, key: str) -> Action:
        """Without a day or date it is day 0. An inline rule uses `days` for versions, too."""
        storage_class, text = block["storageClass"].text(), block["date"].text()
        if text:
            return Action(_calendar_day(block["date"], text), text[:10], storage_class, self)
        day = int(block[key if not block[key].absent else "days"].number())
        return Action(day, f"day {day}", storage_class, self)

    @property
    def retains_objects(self) -> bool:
        """It transitions or expires current objects."""
        return any(schedule.transitions or schedule.expirations for schedule in self.schedules()[:2])

    @property
    def retains_versions(self) -> bool:
        """It transitions or expires noncurrent versions."""
        versions = self.schedules()[2]
        return bool(versions.transitions or versions.expirations)

    @property
    def expires_versions(self) -> bool:
        return bool(self.schedules()[2].expirations)

    @property
    def aborts_uploads(self) -> bool:
        block = self.block["abortIncompleteMultipartUpload"]["daysAfterInitiation"]
        return max(block.number(), self.block["abortIncompleteMultipartUploadDays"].number()) > 0


def _empty_schedules() -> list[Schedule]:
    return [Schedule("objects"), Schedule("objects"), Schedule("noncurrent versions")]


def _calendar_day(property: Property, text: str) -> int:
    try:
        return date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        raise Undetermined(property.path, f"is {text!r}, not a date") from None


def rules_of(resource: Resource) -> list[LifecycleRule]:
    """The rules that a bucket or a lifecycle configuration declares. Raises `Undetermined`."""
    key = "rules" if resource.type in CONFIGURATIONS else "lifecycleRules"
    return [LifecycleRule(block) for block in resource.inputs[key].items()]


def schedules_of(resource: Resource) -> Iterator[Schedule | Undetermined]:
    """The schedules of the enabled rules: those for the whole bucket together, each other one alone."""
    together = _empty_schedules()
    for rule in rules_of(resource):
        try:
            if not rule.active:
                continue
            schedules = rule.schedules()
            whole_bucket = rule.whole_bucket
        except Undetermined as undetermined:
            yield undetermined
            continue
        if whole_bucket:
            for schedule, part in zip(together, schedules, strict=True):
                schedule.add(part)
        else:
            yield from schedules
    yield from together
