"""Lifecycle rules of S3 buckets in the API's form, checked as S3 checks them."""

from collections.abc import Mapping, Sequence
from typing import Any

from teei_finops.aws_limits import S3_FIRST_TRANSITION_DAY
from teei_finops.sandbox.providers.aws.api import AwsError, pascal_case, tag_list, without_none


def lifecycle_rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules of a `BucketLifecycleConfiguration`; raises AwsError for a rule that S3 rejects."""
    converted = [_rule(rule) for rule in rules]
    for rule in converted:
        _check_filter(rule)
        _check_expiration(rule)
        _check_days(rule)
    return converted


def bucket_lifecycle_rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules in the `lifecycleRules` input of a bucket."""
    return lifecycle_rules([_from_bucket_rule(rule) for rule in rules])


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return without_none(
        {
            "ID": rule["id"],
            "Status": rule["status"],
            "Filter": _filter(rule),
            "Expiration": _action(rule.get("expiration")),
            "Transitions": [_action(transition) for transition in rule.get("transitions", [])] or None,
            "NoncurrentVersionExpiration": _action(rule.get("noncurrentVersionExpiration")),
            "NoncurrentVersionTransitions": [
                _action(transition) for transition in rule.get("noncurrentVersionTransitions", [])
            ]
            or None,
            "AbortIncompleteMultipartUpload": _action(rule.get("abortIncompleteMultipartUpload")),
        }
    )


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    rule_filter = rule.get("filter") or {}
    if not rule_filter and rule.get("prefix") is not None:
        return {"Prefix": rule["prefix"]}
    if rule_filter.get("and"):
        conditions = dict(rule_filter["and"])
        tags = tag_list(conditions.pop("tags", None))
        return {"And": without_none({**pascal_case(conditions), "Tags": tags or None})}
    result = _action({key: value for key, value in rule_filter.items() if key not in ("and", "tag")}) or {}
    if rule_filter.get("tag"):
        result["Tag"] = pascal_case(rule_filter["tag"])
    return result or {"Prefix": ""}


def _from_bucket_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule in the `lifecycleRules` input of a bucket, whose property names are older."""
    noncurrent = rule.get("noncurrentVersionExpiration") or {}
    return {
        "id": rule.get("id", "rule"),
        "status": "Enabled" if rule.get("enabled") is True else "Disabled",
        "filter": _from_bucket_filter(rule),
        "expiration": rule.get("expiration"),
        "transitions": rule.get("transitions", []),
        "noncurrentVersionExpiration": {"noncurrentDays": noncurrent.get("days")} if noncurrent else None,
        "noncurrentVersionTransitions": [
            {"noncurrentDays": item.get("days"), "storageClass": item["storageClass"]}
            for item in rule.get("noncurrentVersionTransitions", [])
        ],
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": rule["abortIncompleteMultipartUploadDays"]}
        if rule.get("abortIncompleteMultipartUploadDays")
        else None,
    }


def _from_bucket_filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    prefix = rule.get("prefix", "")
    return {"and": {"prefix": prefix, "tags": rule["tags"]}} if rule.get("tags") else {"prefix": prefix}


def _action(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An action of a rule in the API's form."""
    if not value:
        return None
    action = pascal_case(value)
    if action.get("ExpiredObjectDeleteMarker") is False:  # S3 takes either days or a true value here
        del action["ExpiredObjectDeleteMarker"]
    return {key: _to_int(item) for key, item in action.items()}


def _to_int(value: Any) -> Any:
    """A number that the provider takes as a string (`newerNoncurrentVersions`, object sizes)."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _check_filter(rule: Mapping[str, Any]) -> None:
    """Raises AwsError as S3 does: uploads and delete markers have no tags, and an upload has no size.

    The texts are S3's own: terraform-aws-modules/terraform-aws-s3-bucket#109 (tags) and
    aws-cloudformation/cfn-lint#3554 (sizes), read 2026-11.
    """
    rule_filter = rule["Filter"]
    conditions = {**rule_filter, **rule_filter.get("And", {})}
    has_tags = bool(conditions.get("Tag") or conditions.get("Tags"))
    has_size = not {"ObjectSizeGreaterThan", "ObjectSizeLessThan"}.isdisjoint(conditions)
    if "AbortIncompleteMultipartUpload" in rule:
        if has_tags:
            raise AwsError("InvalidRequest: AbortIncompleteMultipartUpload cannot be specified with Tags.")
        if has_size:
            raise AwsError(
                "InvalidRequest: AbortIncompleteMultipartUpload cannot be specified with Object Size."
            )
    if has_tags and (rule.get("Expiration") or {}).get("ExpiredObjectDeleteMarker"):
        raise AwsError("InvalidRequest: ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_expiration(rule: Mapping[str, Any]) -> None:
    """Raises AwsError as S3 does.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html (2026-11)
    """
    kinds = {"Days", "Date", "ExpiredObjectDeleteMarker"} & (rule.get("Expiration") or {}).keys()
    if len(kinds) > 1:
        raise AwsError(
            "MalformedXML: The XML you provided was not well-formed or did not validate against our "
            f"published schema: the Expiration has {' and '.join(sorted(kinds))}"
        )


def _check_days(rule: Mapping[str, Any]) -> None:
    """Raises AwsError as S3 does.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
    (2026-11)
    """
    last_transition, expiration = 0, (rule.get("Expiration") or {}).get("Days")
    for transition in rule.get("Transitions", []):
        days, storage_class = transition.get("Days", 0), transition["StorageClass"]
        first_day = S3_FIRST_TRANSITION_DAY.get(storage_class, 0)
        if days < first_day:
            raise AwsError(
                f"InvalidArgument: 'Days' in a Transition must be {first_day} or more "
                f"for storageClass '{storage_class}'"
            )
        last_transition = max(last_transition, days)
    if expiration is not None and rule.get("Transitions") and expiration <= last_transition:
        raise AwsError("InvalidArgument: 'Days' in the Expiration must be more than 'Days' in a Transition")
