"""The S3 buckets: private, encrypted, versioned, TLS only, with a lifecycle for every object and version."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.settings import storage as settings_storage
from components.tags import CostTags

ACCESS_LOGS = "access_logs"


@dataclass(frozen=True)
class BucketArgs:
    """`access_logs` is the bucket for access logs; a bucket without it receives those of the others.

    `statements` are further statements of the bucket policy, for the bucket and its objects.
    """

    settings: settings_storage.Bucket
    account_id: str
    access_logs: "Bucket | None"
    tags: CostTags
    statements: Sequence[Mapping[str, object]] = ()


class Bucket(pulumi.ComponentResource):
    """One bucket with its configurations, each a resource of its own."""

    bucket: aws.s3.Bucket
    policy: aws.s3.BucketPolicy
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:storage_retention:Bucket", name, None, opts)
        self.bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=args.settings.name,
            force_destroy=args.access_logs is None,  # AWS writes to it until the other buckets are deleted
            tags=args.tags.as_tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )
        self.name = self.bucket.bucket
        self.arn = self.bucket.arn
        access = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=(
                        aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                            sse_algorithm="AES256"
                        )
                    )
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.bucket.id,
            rules=lifecycle_rules(args.settings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self.policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.bucket.id,
            policy=self.bucket.arn.apply(
                lambda arn: json.dumps(
                    _policy(arn, None if args.access_logs else args.account_id, args.statements)
                )
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[access]),
        )
        if args.access_logs:
            aws.s3.BucketLogging(
                f"{name}-access-logs",
                bucket=self.bucket.id,
                target_bucket=args.access_logs.name,
                target_prefix=f"{args.settings.name}/",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.access_logs.policy]),
            )
        self.register_outputs({"name": self.name, "arn": self.arn})


def lifecycle_rules(bucket: settings_storage.Bucket) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """The rules for the whole bucket.

    `keep` needs a rule of its own: in one rule, `newerNoncurrentVersions` would hold the newest old versions
    back from `noncurrentDays` indefinitely. S3 takes the earlier of the two
    (docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html).
    """
    everything = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    rules = [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="retention",
            status="Enabled",
            filter=everything,
            transitions=[
                aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(
                    days=transition.days, storage_class=transition.storage_class
                )
                for transition in bucket.transitions
            ],
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=bucket.expiration_days),
            noncurrent_version_expiration=(
                aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=bucket.noncurrent_versions.days
                )
            ),
            abort_incomplete_multipart_upload=(
                aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=bucket.abort_incomplete_upload_days
                )
            ),
        )
    ]
    if bucket.noncurrent_versions.max_count:
        rules.append(
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="noncurrent-versions",
                status="Enabled",
                filter=everything,
                noncurrent_version_expiration=(
                    aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=1, newer_noncurrent_versions=bucket.noncurrent_versions.max_count
                    )
                ),
            )
        )
    return rules


def _policy(
    arn: str, log_source_account: str | None, further: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    statements: list[dict[str, object]] = [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        *({**statement, "Resource": [arn, f"{arn}/*"]} for statement in further),
    ]
    if log_source_account:
        statements.append(
            {
                "Sid": "AccessLogs",
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{arn}/*",
                "Condition": {"StringEquals": {"aws:SourceAccount": log_source_account}},
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


@dataclass(frozen=True)
class StorageRetentionArgs:
    settings: Settings


class StorageRetention(pulumi.ComponentResource):
    """The buckets of a stack by role: exports, backups, logs, and the access logs of the others."""

    buckets: dict[str, Bucket]

    def __init__(
        self, name: str, args: StorageRetentionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:storage_retention:StorageRetention", name, None, opts)
        self.buckets = {}
        settings = args.settings
        buckets = settings.storage.buckets()
        for role in sorted(buckets, key=lambda role: role != ACCESS_LOGS):
            self.buckets[role] = Bucket(
                f"{name}-{role.replace('_', '-')}",
                BucketArgs(
                    settings=buckets[role],
                    account_id=settings.account_id,
                    access_logs=self.buckets.get(ACCESS_LOGS),
                    tags=settings.tags(settings.storage.cost_allocation, buckets[role].data_class),
                ),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({role: bucket.name for role, bucket in self.buckets.items()})
