"""The buckets. A bucket without `days` in its config has no lifecycle, which a policy blocks."""

import pulumi
import pulumi_aws as aws
from settings import Settings


class Storage(pulumi.ComponentResource):
    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:storage:Storage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for kind, retention in settings.buckets.items():
            tags = settings.tags(f"{kind}-storage", team="data", data_class="confidential")
            bucket = aws.s3.Bucket(
                f"{name}-{kind}", bucket=f"platform-{settings.region}-{kind}", tags=tags, opts=child
            )
            aws.s3.BucketPublicAccessBlock(
                f"{name}-{kind}-private",
                bucket=bucket.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=child,
            )
            if "days" in retention:
                aws.s3.BucketLifecycleConfiguration(
                    f"{name}-{kind}-lifecycle",
                    bucket=bucket.id,
                    rules=[self._rule(retention["days"])],
                    opts=child,
                )
        self.register_outputs({})

    def _rule(self, days: int) -> dict:
        transitions = [{"days": 30, "storage_class": "STANDARD_IA"}]
        if days >= 365:
            transitions.append({"days": 90, "storage_class": "GLACIER_IR"})
        return {
            "id": "keep",
            "status": "Enabled",
            "filter": {},
            "transitions": transitions,
            "expiration": {"days": days},
            "noncurrent_version_expiration": {"noncurrent_days": 30},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
