"""What S3 keeps and moto 5.2 does not: read back, it must be what was put."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import Clients


def set_logging(aws: Clients, bucket: str, target: Mapping[str, str]) -> None:
    """moto asks the target for an ACL that lets the log service write; S3 also takes a bucket policy for it.

    moto would also write a log object for each call at once, and the target could not be deleted any more.
    """
    _backend(aws).log_incoming_request = lambda *_: None
    _bucket(aws, bucket).logging = dict(target)


def keep_newer_versions(aws: Clients, bucket: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """moto drops how many old versions a lifecycle rule keeps."""
    _answer_with_newer_versions()
    for held, put in zip(_bucket(aws, bucket).rules, rules, strict=True):
        held.newer_versions = (put.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")


def _bucket(aws: Clients, name: str) -> Any:
    return _backend(aws).get_bucket(name)


def _backend(aws: Clients) -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[aws.account]["aws"]


@cache
def _answer_with_newer_versions() -> None:
    from moto.s3.responses import S3Response

    answer = S3Response.get_bucket_lifecycle

    def complete(response: Any) -> Any:
        serialize = response.serialized

        def serialized(result: Any) -> Any:
            held = response.backend.get_bucket_lifecycle(response.bucket_name)
            for rule, shown in zip(held, result.result["Rules"], strict=True):
                if getattr(rule, "newer_versions", None) is not None:
                    shown["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = rule.newer_versions
            return serialize(result)

        response.serialized = serialized
        return answer(response)

    S3Response.get_bucket_lifecycle = complete  # type: ignore[method-assign]
