"""A bucket with lifecycle rules, for the tests of S3 costs."""

from __future__ import annotations

from typing import Any

from teei_finops.costing.estimate import Estimate
from tests.teei_finops.costing.estimators.estimate_helpers import (
    US,
    D,
    amounts_by_name,
    estimate_of,
    price,
    resource,
)

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
MONTH = D(365) / 12
# 1,024 GB a month in objects of 1 MB: 1,048,576 of them.
BUSY = {"monthly_uploaded_gb": 1_024, "average_object_kb": 1_024, "monthly_standard_tier2_requests": 0}
OBJECTS = D(1_048_576)
NEAR = D("1e-6")


def s3(family: str, key: str, region: str = US, tier: int = 0) -> D:
    return price("AmazonS3", family, key, region, tier=tier)


def rules(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"bucket": "logs", "rules": [{"status": "Enabled", **rule} for rule in rules], **more}


def transitions(*pairs: tuple[int, str], **rule: Any) -> dict[str, Any]:
    return {"transitions": [{"days": days, "storageClass": name} for days, name in pairs], **rule}


def estimated(
    lifecycle: dict[str, Any] | None, *related: Any, usage: dict[str, Any] | None = None, **inputs: Any
) -> Estimate:
    """A busy bucket with a lifecycle configuration."""
    configuration = [resource(LIFECYCLE, lifecycle, name="rules")] if lifecycle else []
    return estimate_of(
        BUCKET, {"bucket": "logs", **inputs}, *configuration, *related, usage={**BUSY, **(usage or {})}
    )


def line(estimate: Estimate, start: str) -> D:
    """The amount of the one line whose name starts with `start`."""
    matching = [amount for what, amount in amounts_by_name(estimate).items() if what.startswith(start)]
    assert len(matching) == 1, amounts_by_name(estimate)
    return matching[0]


def on(status: str = "Enabled", **more: Any) -> dict[str, Any]:
    inputs = {"bucket": "logs", "versioningConfiguration": {"status": status}}
    return resource(VERSIONING, inputs, name="versioning", **more)
