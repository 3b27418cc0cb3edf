"""The adapter to AWS and what is read through it, on moto."""

from datetime import timedelta
from decimal import Decimal

import boto3
import pytest
from moto import mock_aws

from functions.cost_data.sources.account import bucket_sizes
from functions.cost_data.sources.aws import Aws, AwsError
from tests.functions.cost_data.support import at

NOW = at("2026-11-24 12:00")


@pytest.fixture
def aws(monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Aws()


def test_the_account_and_the_region_are_those_of_the_session(aws):
    assert (aws.account, aws.home, aws.regions) == ("123456789012", "eu-central-1", ("eu-central-1",))
    assert Aws(["us-east-1"]).regions == ("us-east-1",)


def test_all_pages_of_an_answer_are_read(aws):
    bucket = boto3.client("s3", region_name="us-east-1")
    bucket.create_bucket(Bucket="many")
    for number in range(3):
        bucket.put_object(Bucket="many", Key=f"key-{number}", Body=b"x")
    pages = aws.pages("s3", "list_objects_v2", "us-east-1", Bucket="many", PaginationConfig={"PageSize": 1})
    assert [item["Key"] for page in pages for item in page["Contents"]] == ["key-0", "key-1", "key-2"]


def test_all_pages_are_read_of_an_operation_for_which_boto3_has_no_paginator(aws):
    class TwoPages(Aws):
        def call(self, service, operation, region="", **parameters):
            page = parameters.pop("nextToken", "1")
            assert (service, operation, region, parameters) == (
                "savingsplans", "describe_savings_plans", "us-east-1", {"states": ["active"]},
            )  # fmt: skip
            return {"savingsPlans": [page]} | ({"nextToken": "2"} if page == "1" else {})

    del aws
    pages = TwoPages().pages("savingsplans", "describe_savings_plans", "us-east-1", states=["active"])
    assert [page["savingsPlans"] for page in pages] == [["1"], ["2"]]


def test_an_error_of_aws_is_one_line_that_names_the_call_and_keeps_the_code(aws, tmp_path):
    with pytest.raises(AwsError, match=r"s3 head_object: .*NoSuchBucket") as error:
        aws.call("s3", "head_object", Bucket="no-such-bucket", Key="x")
    assert (error.value.code, "\n" in str(error.value)) == ("NoSuchBucket", False)
    with pytest.raises(AwsError, match=r"s3 list_objects_v2: .*NoSuchBucket"):
        list(aws.pages("s3", "list_objects_v2", Bucket="no-such-bucket"))
    with pytest.raises(AwsError, match="download s3://no-such-bucket/x"):
        aws.download("no-such-bucket", "x", tmp_path / "x")


def test_the_endpoint_of_the_environment_is_used(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    del aws
    with pytest.raises(AwsError, match=r"127\.0\.0\.1:9"):
        Aws().call("sts", "get_caller_identity")


def test_a_wrong_endpoint_is_an_error_of_one_line(wrong_endpoint):
    with pytest.raises(AwsError, match=wrong_endpoint):
        Aws().call("sts", "get_caller_identity")


def test_bucket_sizes_are_the_newest_of_cloudwatch_by_storage_type(aws):
    metrics = boto3.client("cloudwatch")
    for storage, days, size in (
        ("StandardStorage", 1, 5e12), ("StandardStorage", 2, 4e12), ("GlacierStorage", 2, 7.0),
    ):  # fmt: skip
        metrics.put_metric_data(
            Namespace="AWS/S3",
            MetricData=[
                {
                    "MetricName": "BucketSizeBytes",
                    "Dimensions": [
                        {"Name": "BucketName", "Value": "exports"},
                        {"Name": "StorageType", "Value": storage},
                    ],
                    "Timestamp": NOW - timedelta(days=days),
                    "Value": size,
                }
            ],
        )
    sizes = {size.storage_class: size.bytes for size in bucket_sizes(aws, NOW)}
    assert sizes == {"StandardStorage": Decimal("5e12"), "GlacierStorage": Decimal(7)}
