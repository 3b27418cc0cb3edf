"""Bucket settings that moto 5.2 does not return as they were put; it has no public way to set them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from teei_finops.sandbox.providers.aws.api import Clients


def set_logging(aws: Clients, bucket: str, target: Mapping[str, str]) -> None:
    """Turn on access logging without the ACL that moto requires of the target; S3 also takes a bucket policy.

    moto would write a log object for every call, and the target could not be deleted while it holds objects.
    """
    _backend(aws).log_incoming_request = lambda *_: None
    _backend(aws).get_bucket(bucket).logging = dict(target)


def set_newer_noncurrent_versions(aws: Clients, bucket: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """Store how many noncurrent versions each lifecycle rule retains, which moto drops."""
    _return_newer_noncurrent_versions()
    for stored_rule, rule in zip(_backend(aws).get_bucket(bucket).rules, rules, strict=True):
        expiration = rule.get("NoncurrentVersionExpiration") or {}
        stored_rule.newer_versions = expiration.get("NewerNoncurrentVersions")


def _backend(aws: Clients) -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[aws.account]["aws"]


@cache
def _return_newer_noncurrent_versions() -> None:
    from moto.s3.responses import S3Response

    get_bucket_lifecycle = S3Response.get_bucket_lifecycle

    def get_with_newer_versions(response: Any) -> Any:
        serialize = response.serialized

        def serialized(result: Any) -> Any:
            if isinstance(result.result, Exception):
                return serialize(result)
            stored_rules = response.backend.get_bucket_lifecycle(response.bucket_name)
            for stored_rule, rule in zip(stored_rules, result.result["Rules"], strict=True):
                if getattr(stored_rule, "newer_versions", None) is not None:
                    expiration = rule["NoncurrentVersionExpiration"]
                    expiration["NewerNoncurrentVersions"] = stored_rule.newer_versions
            return serialize(result)

        response.serialized = serialized
        return get_bucket_lifecycle(response)

    S3Response.get_bucket_lifecycle = get_with_newer_versions  # type: ignore[method-assign]
