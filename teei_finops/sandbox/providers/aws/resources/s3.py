# ruff: noqa: ARG002 every handler method takes the same arguments
"""S3 buckets and their settings; lifecycle rules are in `s3_lifecycle`."""

import re
from abc import abstractmethod
from typing import Any

from teei_finops.sandbox.providers.aws.api import (
    AwsError,
    Clients,
    json_text,
    pascal_case,
    tag_list,
    without_none,
)
from teei_finops.sandbox.providers.aws.moto_support.bucket_settings import (
    set_logging,
    set_newer_noncurrent_versions,
)
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles
from teei_finops.sandbox.providers.aws.resources.s3_lifecycle import bucket_lifecycle_rules, lifecycle_rules

_NOT_FOUND = ["NoSuchBucket"]
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@handles("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
class Bucket(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name = inputs["bucket"]
        if not _BUCKET_NAME.fullmatch(name) or ".." in name:
            raise AwsError(
                f"InvalidBucketName: {name}: use 3 to 63 lowercase letters, digits, hyphens and periods"
            )
        location = None if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        aws.call(
            "s3",
            "CreateBucket",
            Bucket=name,
            CreateBucketConfiguration=location,
            ObjectLockEnabledForBucket=inputs.get("objectLockEnabled"),
        )
        try:
            self._configure(aws, inputs)
        except AwsError:
            aws.call("s3", "DeleteBucket", Bucket=name)
            raise
        return ResourceState(id=name, outputs=self._outputs(aws, name))

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        self._configure(aws, inputs)
        return ResourceState(id=resource_id, outputs=self._outputs(aws, resource_id))

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        if inputs.get("forceDestroy") is True:
            self._empty(aws, resource_id)
        aws.call_if_exists("s3", "DeleteBucket", not_found=_NOT_FOUND, Bucket=resource_id)

    def _configure(self, aws: Clients, inputs: Inputs) -> None:
        """Put the tags, and the settings that may also be inputs of the bucket itself."""
        name = inputs["bucket"]
        aws.call("s3", "PutBucketTagging", Bucket=name, Tagging={"TagSet": tag_list(inputs.get("tags"))})
        if inputs.get("versioning"):
            enabled = inputs["versioning"].get("enabled") is True
            configuration = {"status": "Enabled" if enabled else "Suspended"}
            BucketVersioning().create(aws, {"bucket": name, "versioningConfiguration": configuration})
        if inputs.get("lifecycleRules"):
            rules = bucket_lifecycle_rules(inputs["lifecycleRules"])
            configuration = {"Rules": rules}
            aws.call(
                "s3", "PutBucketLifecycleConfiguration", Bucket=name, LifecycleConfiguration=configuration
            )
            set_newer_noncurrent_versions(aws, name, rules)
        if inputs.get("serverSideEncryptionConfiguration"):
            rule = inputs["serverSideEncryptionConfiguration"]["rule"]
            BucketEncryption().create(aws, {"bucket": name, "rules": [rule]})
        if inputs.get("policy"):
            BucketPolicy().create(aws, {"bucket": name, "policy": inputs["policy"]})

    def _outputs(self, aws: Clients, name: str) -> dict[str, Any]:
        return {
            "arn": f"arn:aws:s3:::{name}",
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
            "bucketRegion": aws.region,
        }

    def _empty(self, aws: Clients, name: str) -> None:
        listing = aws.call_if_exists("s3", "ListObjectVersions", not_found=_NOT_FOUND, Bucket=name) or {}
        for version in [*listing.get("Versions", []), *listing.get("DeleteMarkers", [])]:
            aws.call("s3", "DeleteObject", Bucket=name, Key=version["Key"], VersionId=version["VersionId"])


class BucketSetting(ResourceHandler):
    """A setting that one call puts on a bucket as a whole; its id is the bucket's name."""

    put_operation = ""
    delete_operation: str | None = None

    @abstractmethod
    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        """The parameters of the putting call beside the bucket."""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        aws.call("s3", self.put_operation, Bucket=inputs["bucket"], **self.parameters(inputs))
        return ResourceState(id=inputs["bucket"])

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        if self.delete_operation:
            aws.call_if_exists("s3", self.delete_operation, not_found=_NOT_FOUND, Bucket=resource_id)


@handles("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
class BucketVersioning(BucketSetting):
    put_operation = "PutBucketVersioning"

    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        configuration = inputs["versioningConfiguration"]
        return {"VersioningConfiguration": pascal_case({"status": configuration["status"]})}

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        """Suspend versioning: S3 cannot turn it off again."""
        suspended = {"Status": "Suspended"}
        aws.call_if_exists(
            "s3",
            "PutBucketVersioning",
            not_found=_NOT_FOUND,
            Bucket=resource_id,
            VersioningConfiguration=suspended,
        )


@handles(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
class BucketLifecycle(BucketSetting):
    put_operation = "PutBucketLifecycleConfiguration"
    delete_operation = "DeleteBucketLifecycle"

    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        return {
            "LifecycleConfiguration": {"Rules": lifecycle_rules(inputs.get("rules", []))},
            "TransitionDefaultMinimumObjectSize": inputs.get("transitionDefaultMinimumObjectSize"),
        }

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        state = super().create(aws, inputs)
        set_newer_noncurrent_versions(aws, state.id, lifecycle_rules(inputs.get("rules", [])))
        return state


@handles(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
class BucketEncryption(BucketSetting):
    put_operation = "PutBucketEncryption"
    delete_operation = "DeleteBucketEncryption"

    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        rules = []
        for rule in inputs["rules"]:
            default = rule["applyServerSideEncryptionByDefault"]
            entry = {"SSEAlgorithm": default["sseAlgorithm"], "KMSMasterKeyID": default.get("kmsMasterKeyId")}
            rules.append(
                without_none(
                    {
                        "ApplyServerSideEncryptionByDefault": without_none(entry),
                        "BucketKeyEnabled": rule.get("bucketKeyEnabled"),
                    }
                )
            )
        return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


@handles("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
class BucketPublicAccessBlock(BucketSetting):
    put_operation = "PutPublicAccessBlock"
    delete_operation = "DeletePublicAccessBlock"

    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
        return {
            "PublicAccessBlockConfiguration": pascal_case({name: inputs.get(name, False) for name in names})
        }


@handles("aws:s3/bucketPolicy:BucketPolicy")
class BucketPolicy(BucketSetting):
    put_operation = "PutBucketPolicy"
    delete_operation = "DeleteBucketPolicy"

    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        return {"Policy": json_text(inputs["policy"], "the bucket policy")}


@handles("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2")
class BucketLogging(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        """Check that the target exists, not that the log service may write to it."""
        aws.call("s3", "HeadBucket", Bucket=inputs["targetBucket"])
        target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
        status = {"LoggingEnabled": target}
        aws.validate("s3", "PutBucketLogging", Bucket=inputs["bucket"], BucketLoggingStatus=status)
        set_logging(aws, inputs["bucket"], target)
        return ResourceState(id=inputs["bucket"])

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        parameters = {"Bucket": resource_id, "BucketLoggingStatus": {}}
        aws.call_if_exists("s3", "PutBucketLogging", not_found=_NOT_FOUND, **parameters)


@handles("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
class BucketOwnershipControls(BucketSetting):
    put_operation = "PutBucketOwnershipControls"
    delete_operation = "DeleteBucketOwnershipControls"

    def parameters(self, inputs: Inputs) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]}}
