"""S3 buckets: a lifecycle for objects, noncurrent versions and incomplete uploads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.properties import UNKNOWN, Property, Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy
from policies.rules.lifecycle_configuration import BUCKETS, CONFIGURATIONS, LifecycleRule, rules_of

VERSIONING = frozenset({
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
})  # fmt: skip


def bucket_has_a_lifecycle(context: EvaluationContext) -> Policy:
    """A lifecycle of noncurrent versions alone is enough in a versioned bucket, where it deletes."""
    rule = Rule("bucket-has-a-lifecycle", _buckets_option("all"))

    def check(lifecycle: "BucketLifecycle", is_versioned: Callable[[], bool]) -> Iterator[Finding]:
        if lifecycle.retains_objects or (lifecycle.retains_versions and is_versioned()):
            return
        yield lifecycle.undetermined or Violation(
            "",
            "only noncurrent versions have a lifecycle, which a bucket without versioning does not have"
            if lifecycle.retains_versions
            else "no enabled lifecycle rule transitions or expires all objects of the bucket",
            lifecycle.shown or None,
            "add a lifecycle rule without a filter, with a transition or an expiration",
        )

    return stack_policy(rule, context, _for_each_bucket(check))


def bucket_expires_old_versions(context: EvaluationContext) -> Policy:
    rule = Rule("bucket-expires-old-versions", _buckets_option("versioned"))

    def check(lifecycle: "BucketLifecycle", _: Callable[[], bool]) -> Iterator[Finding]:
        if lifecycle.retains and not any(rule.expires_versions for rule in lifecycle.effective):
            yield lifecycle.undetermined or Violation(
                "",
                "keeps noncurrent versions forever",
                lifecycle.shown,
                "add noncurrent_version_expiration with noncurrent_days to a lifecycle rule without a filter",
            )

    return stack_policy(rule, context, _for_each_bucket(check))


def bucket_aborts_incomplete_uploads(context: EvaluationContext) -> Policy:
    rule = Rule("bucket-aborts-incomplete-uploads", _buckets_option("all"))

    def check(lifecycle: "BucketLifecycle", _: Callable[[], bool]) -> Iterator[Finding]:
        if lifecycle.retains and not any(rule.aborts_uploads for rule in lifecycle.effective):
            yield lifecycle.undetermined or Violation(
                "",
                "keeps the parts of incomplete multipart uploads forever",
                lifecycle.shown,
                "add abort_incomplete_multipart_upload with days_after_initiation to a lifecycle rule without"
                " a filter",
            )

    return stack_policy(rule, context, _for_each_bucket(check))


@dataclass
class BucketLifecycle:
    """The lifecycle rules of a bucket: all that are `declared`, and those `effective` for the whole bucket.

    `undetermined` is the first property that leaves open whether a rule is effective.
    """

    declared: list[LifecycleRule] = field(default_factory=list)
    effective: list[LifecycleRule] = field(default_factory=list)
    undetermined: Undetermined | None = None

    @property
    def retains_objects(self) -> bool:
        return any(rule.retains_objects for rule in self.effective)

    @property
    def retains_versions(self) -> bool:
        return any(rule.retains_versions for rule in self.effective)

    @property
    def retains(self) -> bool:
        return self.retains_objects or self.retains_versions

    @property
    def shown(self) -> list:
        return [rule.block.data for rule in self.declared]

    @classmethod
    def of(cls, resource: Resource) -> "BucketLifecycle":
        """The rules that a bucket or a lifecycle configuration declares."""
        lifecycle = cls()
        try:
            lifecycle.declared = rules_of(resource)
        except Undetermined as undetermined:
            lifecycle.undetermined = undetermined
        for rule in lifecycle.declared:
            try:
                if rule.active and rule.whole_bucket:
                    # Raises where one of them is unknown.
                    _ = (rule.retains_objects, rule.retains_versions, rule.aborts_uploads)
                    lifecycle.effective.append(rule)
            except Undetermined as undetermined:
                lifecycle.undetermined = lifecycle.undetermined or undetermined
        return lifecycle

    def add(self, other: "BucketLifecycle") -> None:
        self.declared = self.declared + other.declared
        self.effective = self.effective + other.effective
        self.undetermined = self.undetermined or other.undetermined


Configurations = list[tuple[Resource, BucketLifecycle]]


def _buckets_option(default: str) -> dict[str, dict]:
    return {
        "buckets": {
            "type": "string",
            "enum": ["all", "versioned"],
            "description": "which buckets are checked",
            "default": default,
        }
    }


def _for_each_bucket(
    check: Callable[[BucketLifecycle, Callable[[], bool]], Iterator[Finding]],
) -> Callable[[Stack, Options], Iterator[ResourceFinding]]:
    def check_bucket(
        bucket: Resource, configurations: Configurations, versionings: list[Resource], versioned_only: bool
    ) -> Iterator[Finding]:
        def is_versioned() -> bool:
            return _is_versioned(bucket, versionings)

        findings = list(check(_lifecycle(bucket, configurations), is_versioned))
        if findings and (not versioned_only or is_versioned()):
            yield from findings

    def check_stack(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        configurations = [
            (configuration, BucketLifecycle.of(configuration))
            for configuration in stack.resources(CONFIGURATIONS.__contains__)
        ]
        versionings = stack.resources(VERSIONING.__contains__)
        versioned_only = options["buckets"] == "versioned"
        for bucket in stack.resources(BUCKETS.__contains__):
            for finding in findings_of(check_bucket, bucket, configurations, versionings, versioned_only):
                yield bucket, finding

    return check_stack


def _lifecycle(bucket: Resource, configurations: Configurations) -> BucketLifecycle:
    lifecycle = BucketLifecycle.of(bucket)
    for configuration, configured in configurations:
        belongs = belongs_to(configuration, bucket)
        if belongs:
            lifecycle.add(configured)
        elif belongs is None:
            lifecycle.undetermined = lifecycle.undetermined or Undetermined(_bucket_of(configuration))
    return lifecycle


def _is_versioned(bucket: Resource, versionings: list[Resource]) -> bool:
    """The bucket keeps noncurrent versions. Raises `Undetermined` where that is unknown."""
    blocks = [block for key in ("versioning", "versionings") for block in bucket.inputs[key].items()]
    states = [block["enabled"] for block in blocks]
    for versioning in versionings:
        belongs = belongs_to(versioning, bucket)
        if belongs:
            states.append(versioning.inputs["versioningConfiguration"]["status"])
        elif belongs is None:
            states.append(Property(UNKNOWN, _bucket_of(versioning)))
    enabled = any(state.data is True or state.data == "Enabled" for state in states)
    unknown = next((state for state in states if state.unknown), None)
    if unknown and not enabled:
        raise Undetermined(unknown.path)
    return enabled


def _bucket_of(part: Resource) -> str:
    return f"bucket of {part.name}"


def belongs_to(part: Resource, bucket: Resource) -> bool | None:
    """The property `bucket` of a resource names this bucket; None where that is unknown until deploy."""
    reference, dependencies = part.inputs["bucket"], part.dependencies.get("bucket", ())
    names = [bucket.inputs["bucket"], bucket.outputs["bucket"], bucket.outputs["id"]]
    known = [name.data for name in names if isinstance(name.data, str)]
    if not reference.unknown and (known or not any(name.unknown for name in names)):
        return reference.data in known
    return bucket.urn in dependencies if dependencies else None
