"""Lifecycle rules that S3 rejects, and those beside them that it accepts."""

import pytest

from teei_finops.sandbox.providers.aws.api import AwsError
from teei_finops.sandbox.providers.aws.resources.s3_lifecycle import bucket_lifecycle_rules, lifecycle_rules

TAG = {"tag": {"key": "class", "value": "temporary"}}
PREFIX_AND_TAGS = {"and": {"prefix": "a/", "tags": {"class": "temporary"}}}
PREFIX_AND_SIZE = {"and": {"prefix": "a/", "objectSizeLessThan": 1000}}
LARGE = {"objectSizeGreaterThan": 1000}
ABORT = {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
MARKER = {"expiredObjectDeleteMarker": True}
DATE = "2027-01-01T00:00:00Z"


def rule(**properties):
    return {"id": "r", "status": "Enabled", **properties}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"filter": TAG, **ABORT}, "AbortIncompleteMultipartUpload .* with Tags"),
        ({"filter": PREFIX_AND_TAGS, **ABORT}, "AbortIncompleteMultipartUpload .* with Tags"),
        ({"filter": LARGE, "expiration": {"days": 14}, **ABORT}, "with Object Size"),
        ({"filter": {"objectSizeGreaterThan": "0"}, **ABORT}, "with Object Size"),
        ({"filter": PREFIX_AND_SIZE, **ABORT}, "with Object Size"),
        ({"filter": TAG, "expiration": MARKER}, "ExpiredObjectDeleteMarker cannot be specified with Tags"),
        ({"expiration": {"days": 30, **MARKER}}, "the Expiration has Days and ExpiredObjectDeleteMarker"),
        ({"expiration": {"date": DATE, **MARKER}}, "the Expiration has Date and ExpiredObjectDeleteMarker"),
        ({"expiration": {"days": 30, "date": DATE}}, "the Expiration has Date and Days"),
    ],
)
def test_a_rule_that_s3_rejects_is_rejected_with_its_message(properties, message):
    with pytest.raises(AwsError, match=message):
        lifecycle_rules([rule(**properties)])


@pytest.mark.parametrize(
    "properties",
    [
        {"filter": {"prefix": "a/"}, **ABORT},
        {"filter": TAG, "expiration": {"days": 30, "expiredObjectDeleteMarker": False}},
        {"filter": PREFIX_AND_SIZE, "expiration": {"days": 30}},
        {"expiration": MARKER, **ABORT},
    ],
)
def test_a_rule_with_one_kind_of_expiration_and_a_filter_that_fits_it_is_accepted(properties):
    assert lifecycle_rules([rule(**properties)])


def test_the_tags_of_a_rule_in_the_bucket_itself_are_part_of_its_filter():
    tagged = {"enabled": True, "prefix": "a/", "tags": {"class": "temporary"}, "expiration": {"days": 30}}
    (converted,) = bucket_lifecycle_rules([tagged])
    tags = [{"Key": "class", "Value": "temporary"}]
    assert converted["Filter"] == {"And": {"Prefix": "a/", "Tags": tags}}
    with pytest.raises(AwsError, match="with Tags"):
        bucket_lifecycle_rules([{**tagged, "abortIncompleteMultipartUploadDays": 7}])
