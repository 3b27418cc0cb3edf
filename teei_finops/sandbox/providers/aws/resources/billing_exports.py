# ruff: noqa: ARG002 every handler method takes the same arguments
"""Billing data exports."""

import hashlib
from typing import Any

from teei_finops.sandbox.providers.aws.api import AwsError, Clients, tag_list
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

# Data Exports has one endpoint, whatever the provider's region.
REGION = "us-east-1"
SERVICE = "bcm-data-exports"
_SINGLE = {
    "dataQueries": "DataQuery",
    "destinationConfigurations": "DestinationConfigurations",
    "refreshCadences": "RefreshCadence",
    "s3Destinations": "S3Destination",
    "s3OutputConfigurations": "S3OutputConfigurations",
}  # lists of one block in the provider


@handles("aws:bcmdata/export:Export")
class Export(ResourceHandler):
    """Checked against the service's model, as moto lacks it; the bucket must let the service write."""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        export = _export(inputs["export"])
        aws.validate(
            SERVICE, "CreateExport", Export=export, ResourceTags=tag_list(inputs.get("tags")) or None
        )
        _check_bucket(aws, export["DestinationConfigurations"]["S3Destination"]["S3Bucket"])
        return self.restore(aws, inputs)

    def restore(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name = inputs["export"]["name"]
        suffix = hashlib.sha256(name.encode()).hexdigest()[:12]
        arn = f"arn:aws:{SERVICE}:{REGION}:{aws.account}:export/{name}-{suffix}"
        return ResourceState(id=arn, outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.validate(SERVICE, "DeleteExport", ExportArn=resource_id)


def _export(value: Any) -> Any:
    """The provider's blocks as the API has them; the keys of a table's configuration are names."""
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key == "tableConfigurations":
            result["TableConfigurations"] = item
        elif key in _SINGLE:
            (single,) = item
            result[_SINGLE[key]] = _export(single)
        else:
            result[key[:1].upper() + key[1:]] = _export(item)
    return result


def _check_bucket(aws: Clients, bucket: str) -> None:
    policy = aws.call_if_exists(
        "s3", "GetBucketPolicy", not_found=("NoSuchBucket", "NoSuchBucketPolicy"), Bucket=bucket
    )
    if policy is None or f"{SERVICE}.amazonaws.com" not in policy["Policy"]:
        raise AwsError(
            f"ValidationException: Failed to verify customer bucket permission: the policy of {bucket} does"
            f" not let {SERVICE}.amazonaws.com write to it"
        )
