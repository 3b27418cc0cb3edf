"""Retention: nothing is kept for ever by accident."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pulumi_policy import Policy, Severity

from policies.rule import (
    Breach,
    Context,
    Finding,
    Located,
    Options,
    Resource,
    Rule,
    Stack,
    judged,
    stack_policy,
)
from policies.rules.lifecycle_configuration import BUCKETS, CONFIGURATIONS, LifecycleRule, rules_of
from policies.values import UNKNOWN, Open, Value

SECTION = "Storage Retention Policies"
VERSIONING = frozenset({
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
})  # fmt: skip
_BUCKETS = {
    "buckets": {
        "type": "string",
        "enum": ["all", "versioned"],
        "description": "which buckets are looked at",
    }
}


def bucket_has_a_lifecycle(context: Context) -> Policy:
    """An enabled rule for the whole bucket that moves or deletes objects."""
    rule = Rule(
        id="bucket-has-a-lifecycle",
        description="Give every S3 bucket an enabled lifecycle rule for the whole bucket.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Add an aws.s3.BucketLifecycleConfiguration with an enabled rule that has no filter and that"
        " moves or expires objects.",
        options=_option("all"),
        tags=("retention",),
    )

    def check(kept: "Kept") -> Iterator[Breach | Open]:
        if not kept.retaining:
            yield kept.left_open or Breach(
                "no enabled lifecycle rule moves or deletes the objects of the whole bucket",
                [each.value.data for each in kept.declared] or None,
                "add a lifecycle rule without a filter, with a transition or an expiry",
            )

    return stack_policy(rule, context, _each_bucket(check))


def bucket_expires_old_versions(context: Context) -> Policy:
    """A versioned bucket keeps each overwritten or deleted object until a rule expires it."""
    rule = Rule(
        id="bucket-expires-old-versions",
        description="Let every versioned S3 bucket expire noncurrent versions.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Add noncurrent_version_expiration to a rule without a filter.",
        options=_option("versioned"),
        tags=("retention",),
    )

    def check(kept: "Kept") -> Iterator[Breach | Open]:
        if kept.retaining and not any(each.expires_versions for each in kept.rules):
            yield kept.left_open or Breach(
                "keeps old versions for ever",
                [each.value.data for each in kept.declared],
                "add noncurrent_version_expiration with noncurrent_days to a rule without a filter",
            )

    return stack_policy(rule, context, _each_bucket(check))


def bucket_aborts_incomplete_uploads(context: Context) -> Policy:
    """Parts of an upload that was never completed are billed and do not show as objects."""
    rule = Rule(
        id="bucket-aborts-incomplete-uploads",
        description="Let every S3 bucket abort incomplete multipart uploads.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Add abort_incomplete_multipart_upload with days_after_initiation to a rule without a filter.",
        options=_option("all"),
        tags=("retention",),
    )

    def check(kept: "Kept") -> Iterator[Breach | Open]:
        if kept.retaining and not any(each.aborts_uploads for each in kept.rules):
            yield kept.left_open or Breach(
                "keeps the parts of incomplete uploads for ever",
                [each.value.data for each in kept.declared],
                "add abort_incomplete_multipart_upload with days_after_initiation to a rule without a filter",
            )

    return stack_policy(rule, context, _each_bucket(check))


@dataclass
class Kept:
    """What a bucket's rules say: all `declared`, those that count (`rules`), and the first that is open."""

    declared: list[LifecycleRule] = field(default_factory=list)
    rules: list[LifecycleRule] = field(default_factory=list)
    left_open: Open | None = None

    @property
    def retaining(self) -> bool:
        return any(each.retains for each in self.rules)

    @classmethod
    def of(cls, resource: Resource) -> "Kept":
        """The rules that a bucket or a lifecycle configuration declares."""
        kept = cls()
        try:
            kept.declared = rules_of(resource)
        except Open as unknown:
            kept.left_open = unknown
        for rule in kept.declared:
            try:
                if rule.active and rule.whole_bucket:
                    # Reading them all here finds what is unknown.
                    _ = (rule.retains, rule.expires_versions, rule.aborts_uploads)
                    kept.rules.append(rule)
            except Open as unknown:
                kept.left_open = kept.left_open or unknown
        return kept

    def add(self, other: "Kept") -> None:
        self.declared = self.declared + other.declared
        self.rules = self.rules + other.rules
        self.left_open = self.left_open or other.left_open


Configurations = list[tuple[Resource, Kept]]


def _option(default: str) -> dict[str, dict]:
    return {"buckets": {**_BUCKETS["buckets"], "default": default}}


def _each_bucket(
    check: Callable[[Kept], Iterator[Breach | Open]],
) -> Callable[[Stack, Options], Iterator[Located]]:
    def one(
        bucket: Resource, configurations: Configurations, versionings: list[Resource]
    ) -> Iterator[Finding]:
        found = list(check(_kept(bucket, configurations)))
        if found and _versioned(bucket, versionings):
            yield from found

    def whole(stack: Stack, options: Options) -> Iterator[Located]:
        configurations = [(each, Kept.of(each)) for each in stack.of(CONFIGURATIONS.__contains__)]
        versionings = stack.of(VERSIONING.__contains__)
        for bucket in stack.of(BUCKETS.__contains__):
            if options["buckets"] == "versioned":
                found = judged(one, bucket, configurations, versionings)
            else:
                found = judged(check, _kept(bucket, configurations))
            for finding in found:
                yield bucket, finding

    return whole


def _kept(bucket: Resource, configurations: Configurations) -> Kept:
    kept = Kept.of(bucket)
    for each, theirs in configurations:
        belongs = belongs_to(each, bucket)
        if belongs:
            kept.add(theirs)
        elif belongs is None:
            kept.left_open = kept.left_open or Open(f"bucket of {each.name}")
    return kept


def _versioned(bucket: Resource, versionings: list[Resource]) -> bool:
    """The bucket keeps old versions. Raises `Open` where that is unknown."""
    blocks = [each for key in ("versioning", "versionings") for each in bucket.props[key].items()]
    states = [each["enabled"] for each in blocks]
    for each in versionings:
        belongs = belongs_to(each, bucket)
        if belongs:
            states.append(each.props["versioningConfiguration"]["status"])
        elif belongs is None:
            states.append(Value(UNKNOWN, f"bucket of {each.name}"))
    enabled = any(state.data is True or state.data == "Enabled" for state in states)
    unknown = next((state for state in states if state.unknown), None)
    if unknown and not enabled:
        raise Open(unknown.path)
    return enabled


def belongs_to(part: Resource, bucket: Resource) -> bool | None:
    """A resource's `bucket` names this bucket; None where that is unknown until deploy."""
    reference, dependencies = part.props["bucket"], part.dependencies.get("bucket", ())
    names = [bucket.props["bucket"], bucket.outputs["bucket"], bucket.outputs["id"]]
    known = [name.data for name in names if isinstance(name.data, str)]
    if not reference.unknown and (known or not any(name.unknown for name in names)):
        return reference.data in known
    return bucket.urn in dependencies if dependencies else None
