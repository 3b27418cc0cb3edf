# ruff: noqa: ARG002 every maker is called in the same way
"""S3 buckets and what is configured on them."""

import re
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    json_text,
    makes,
    pascal,
    tag_list,
    without_none,
)
from teei_finops.sandbox.providers.aws.resources.s3_in_moto import keep_newer_versions, set_logging

_GONE = ["NoSuchBucket"]
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MINIMUM_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}


@makes("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
class Bucket(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        name = inputs["bucket"]
        if not _BUCKET_NAME.fullmatch(name) or ".." in name:
            raise RefusedError(f"InvalidBucketName: {name}: 3 to 63 lower-case letters, digits, - and .")
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
        except RefusedError:
            aws.call("s3", "DeleteBucket", Bucket=name)
            raise
        return Made(id=name, outputs=self._outputs(aws, name))

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        self._configure(aws, inputs)
        return Made(id=resource_id, outputs=self._outputs(aws, resource_id))

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        if inputs.get("forceDestroy") is True:
            self._empty(aws, resource_id)
        aws.attempt("s3", "DeleteBucket", absent=_GONE, Bucket=resource_id)

    def _configure(self, aws: Clients, inputs: Mapping[str, Any]) -> None:
        """Tags, and the configurations that a bucket may also carry itself."""
        name = inputs["bucket"]
        aws.call("s3", "PutBucketTagging", Bucket=name, Tagging={"TagSet": tag_list(inputs.get("tags"))})
        if inputs.get("versioning"):
            on = inputs["versioning"].get("enabled") is True
            configuration = {"status": "Enabled" if on else "Suspended"}
            Versioning().create(aws, {"bucket": name, "versioningConfiguration": configuration})
        if inputs.get("lifecycleRules"):
            rules = [_inline_rule(rule) for rule in inputs["lifecycleRules"]]
            aws.call(
                "s3", "PutBucketLifecycleConfiguration", Bucket=name, LifecycleConfiguration={"Rules": rules}
            )
            keep_newer_versions(aws, name, rules)
        if inputs.get("serverSideEncryptionConfiguration"):
            rule = inputs["serverSideEncryptionConfiguration"]["rule"]
            Encryption().create(aws, {"bucket": name, "rules": [rule]})
        if inputs.get("policy"):
            Policy().create(aws, {"bucket": name, "policy": inputs["policy"]})

    def _outputs(self, aws: Clients, name: str) -> dict[str, Any]:
        return {
            "arn": f"arn:aws:s3:::{name}",
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
            "bucketRegion": aws.region,
        }

    def _empty(self, aws: Clients, name: str) -> None:
        found = aws.attempt("s3", "ListObjectVersions", absent=_GONE, Bucket=name) or {}
        for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
            aws.call("s3", "DeleteObject", Bucket=name, Key=item["Key"], VersionId=item["VersionId"])


class OnBucket(Maker):
    """A configuration that is put on a bucket as a whole; its id is the bucket's name."""

    put = ""
    remove: str | None = None

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        aws.call("s3", self.put, Bucket=inputs["bucket"], **self.parameters(inputs))
        return Made(id=inputs["bucket"])

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        if self.remove:
            aws.attempt("s3", self.remove, absent=_GONE, Bucket=resource_id)


@makes("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
class Versioning(OnBucket):
    put = "PutBucketVersioning"

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        configuration = inputs["versioningConfiguration"]
        return {"VersioningConfiguration": pascal({"status": configuration["status"]})}

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """Versioning cannot be taken off a bucket again, only suspended."""
        suspended = {"Status": "Suspended"}
        aws.attempt(
            "s3", "PutBucketVersioning", absent=_GONE, Bucket=resource_id, VersioningConfiguration=suspended
        )


@makes(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
class Lifecycle(OnBucket):
    put = "PutBucketLifecycleConfiguration"
    remove = "DeleteBucketLifecycle"

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        rules = [_rule(rule) for rule in inputs.get("rules", [])]
        for rule in rules:
            _refuse_early_transitions(rule)
        return {
            "LifecycleConfiguration": {"Rules": rules},
            "TransitionDefaultMinimumObjectSize": inputs.get("transitionDefaultMinimumObjectSize"),
        }

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        made = super().create(aws, inputs)
        keep_newer_versions(aws, made.id, [_rule(rule) for rule in inputs.get("rules", [])])
        return made


@makes(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
class Encryption(OnBucket):
    put = "PutBucketEncryption"
    remove = "DeleteBucketEncryption"

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
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


@makes("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
class PublicAccessBlock(OnBucket):
    put = "PutPublicAccessBlock"
    remove = "DeletePublicAccessBlock"

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
        return {"PublicAccessBlockConfiguration": pascal({name: inputs.get(name, False) for name in names})}


@makes("aws:s3/bucketPolicy:BucketPolicy")
class Policy(OnBucket):
    put = "PutBucketPolicy"
    remove = "DeleteBucketPolicy"

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"Policy": json_text(inputs["policy"], "the bucket policy")}


@makes("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2")
class Logging(OnBucket):
    put = "PutBucketLogging"

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        """The target must exist; whether the log service may write to it is not looked at."""
        aws.call("s3", "HeadBucket", Bucket=inputs["targetBucket"])
        target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
        status = {"LoggingEnabled": target}
        aws.only_validate("s3", self.put, Bucket=inputs["bucket"], BucketLoggingStatus=status)
        set_logging(aws, inputs["bucket"], target)
        return Made(id=inputs["bucket"])

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("s3", self.put, absent=_GONE, Bucket=resource_id, BucketLoggingStatus={})


@makes("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
class OwnershipControls(OnBucket):
    put = "PutBucketOwnershipControls"
    remove = "DeleteBucketOwnershipControls"

    def parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]}}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    noncurrent = rule.get("noncurrentVersionExpiration")
    return without_none(
        {
            "ID": rule["id"],
            "Status": rule["status"],
            "Filter": _filter(rule),
            "Expiration": _capitalized(rule.get("expiration")),
            "Transitions": [_capitalized(item) for item in rule.get("transitions", [])] or None,
            "NoncurrentVersionExpiration": _capitalized(noncurrent),
            "NoncurrentVersionTransitions": [
                _capitalized(item) for item in rule.get("noncurrentVersionTransitions", [])
            ]
            or None,
            "AbortIncompleteMultipartUpload": _capitalized(rule.get("abortIncompleteMultipartUpload")),
        }
    )


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    given = rule.get("filter") or {}
    if not given and rule.get("prefix") is not None:
        return {"Prefix": rule["prefix"]}
    if given.get("and"):
        both = given["and"]
        tags = tag_list(both.get("tags"))
        return {
            "And": without_none(
                {**pascal({k: v for k, v in both.items() if k != "tags"}), "Tags": tags or None}
            )
        }
    result = _capitalized({key: value for key, value in given.items() if key not in ("and", "tag")}) or {}
    if given.get("tag"):
        result["Tag"] = pascal(given["tag"])
    return result or {"Prefix": ""}


def _inline_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the bucket's own `lifecycleRules`, whose names are older."""
    noncurrent = rule.get("noncurrentVersionExpiration") or {}
    return _rule(
        {
            "id": rule.get("id", "rule"),
            "status": "Enabled" if rule.get("enabled") is True else "Disabled",
            "filter": {"prefix": rule.get("prefix", "")},
            "expiration": rule.get("expiration"),
            "transitions": rule.get("transitions", []),
            "noncurrentVersionExpiration": {"noncurrentDays": noncurrent.get("days")} if noncurrent else None,
            "noncurrentVersionTransitions": [
                {"noncurrentDays": item.get("days"), "storageClass": item["storageClass"]}
                for item in rule.get("noncurrentVersionTransitions", [])
            ],
            "abortIncompleteMultipartUpload": {
                "daysAfterInitiation": rule["abortIncompleteMultipartUploadDays"]
            }
            if rule.get("abortIncompleteMultipartUploadDays")
            else None,
        }
    )


def _capitalized(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """S3 takes days or the removal of delete markers; a false for the latter says nothing."""
    if not value:
        return None
    result = pascal(value)
    if result.get("ExpiredObjectDeleteMarker") is False:
        del result["ExpiredObjectDeleteMarker"]
    return {key: _whole(item) for key, item in result.items()}


def _whole(value: Any) -> Any:
    """Counts that the provider takes as text (`newerNoncurrentVersions`, object sizes)."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _refuse_early_transitions(rule: Mapping[str, Any]) -> None:
    """S3 answers InvalidArgument for these (S3 user guide, lifecycle transition constraints, 2026-11)."""
    last, expiry = 0, (rule.get("Expiration") or {}).get("Days")
    for item in rule.get("Transitions", []):
        days, kind = item.get("Days", 0), item["StorageClass"]
        if days < _MINIMUM_DAYS.get(kind, 0):
            raise RefusedError(
                f"InvalidArgument: 'Days' in a Transition must be 30 or more for storageClass '{kind}'"
            )
        last = max(last, days)
    if expiry is not None and rule.get("Transitions") and expiry <= last:
        raise RefusedError(
            "InvalidArgument: 'Days' in the Expiration must be more than 'Days' in a Transition"
        )
