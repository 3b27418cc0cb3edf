"""A bucket and a database that exist and are taken over."""

import pulumi
import pulumi_aws as aws

lifecycle = {
    "enabled": True,
    "transitions": [{"days": 30, "storage_class": "DEEP_ARCHIVE"}],
    "noncurrent_version_expiration": {"days": 30},
    "abort_incomplete_multipart_upload_days": 7,
}
bucket = aws.s3.Bucket(
    "archive",
    bucket="archive-of-2019",
    lifecycle_rules=[lifecycle],
    opts=pulumi.ResourceOptions(import_="archive-of-2019"),
)
aws.rds.Instance(
    "ledger",
    identifier="ledger",
    engine="postgres",
    engine_version="16.4",
    instance_class="db.m7g.large",
    allocated_storage=100,
    storage_type="gp3",
    backup_retention_period=7,
    opts=pulumi.ResourceOptions(import_="ledger", protect=True, ignore_changes=["password"]),
)
aws.s3.BucketVersioning("archive", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
