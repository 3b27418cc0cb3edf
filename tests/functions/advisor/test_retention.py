"""Log groups and buckets, from recorded answers of AWS. Amounts are worked out by hand."""

from datetime import UTC, datetime
from decimal import Decimal

from functions.advisor.account.retention import (
    buckets_with_noncurrent_versions,
    buckets_without_lifecycle,
    log_groups_without_retention,
)
from functions.cost_data.sources.aws import AwsError
from tests.functions.advisor.test_sources import account
from tests.functions.cost_data.recorded_aws import RecordedAws

GIB = 1024**3


def without_lifecycle(**_):
    raise AwsError("s3: none", "NoSuchLifecycleConfiguration")


def metrics(MetricDataQueries, **_):
    """1,000 GiB in Standard, and 1,000 objects."""
    values = {"BucketSizeBytes": 1000.0 * GIB, "NumberOfObjects": 1000.0}
    results = [
        {"Id": query["Id"], "Values": [values[query["MetricStat"]["Metric"]["MetricName"]]]}
        for query in MetricDataQueries
    ]
    return {"MetricDataResults": results}


def bucket(lifecycle):
    """A versioned bucket in which 300 of 1,000 GiB are noncurrent."""
    versions = [
        {"Size": 700 * GIB, "IsLatest": True}, {"Size": 300 * GIB, "IsLatest": False},
    ]  # fmt: skip
    return RecordedAws(
        s3__list_buckets={"Buckets": [{"Name": "data"}]},
        s3__get_bucket_lifecycle_configuration=lifecycle,
        s3__get_bucket_versioning={"Status": "Enabled"},
        s3__list_object_versions={"Versions": versions},
        s3__get_bucket_tagging={"TagSet": []},
        cloudwatch__get_metric_data=metrics,
    )


def test_a_bucket_without_rules_is_one_finding_for_its_current_and_its_noncurrent_bytes():
    aws = account(bucket(without_lifecycle))
    (found,) = buckets_without_lifecycle(aws)
    # 700 x (0.023 - 0.0125) + 300 x 0.023
    assert found.saving_list == Decimal("14.25")
    assert "NoncurrentVersionExpiration after 30 days" in found.change
    assert "30 % of the bytes of all versions are noncurrent, about 300.0 GiB" in found.evidence
    assert list(buckets_with_noncurrent_versions(aws)) == []


def test_a_bucket_whose_rules_forget_noncurrent_versions_saves_those():
    aws = account(bucket({"Rules": [{"Status": "Enabled", "Expiration": {"Days": 90}}]}))
    (found,) = buckets_with_noncurrent_versions(aws)
    assert found.saving_list == Decimal("6.9")  # 300 x 0.023
    assert list(buckets_without_lifecycle(aws)) == []


def test_a_log_group_saves_what_is_older_than_the_retention():
    created = datetime(2026, 2, 3, tzinfo=UTC)  # 300 days before
    group = {
        "logGroupName": "/app", "arn": "arn:aws:logs:us-east-1:111111111111:log-group:/app:*",
        "creationTime": int(created.timestamp() * 1000), "storedBytes": 1000 * 1024**3,
    }  # fmt: skip
    aws = RecordedAws(
        logs__describe_log_groups={"logGroups": [group]},
        logs__list_tags_for_resource={"tags": {"team": "web"}},
    )
    (group_finding,) = log_groups_without_retention(account(aws))
    assert group_finding.saving_list == Decimal(21)  # 1,000 GiB, of which 210 of 300 days are too old, x 0.03
    assert (group_finding.resource, group_finding.owner) == (
        "arn:aws:logs:us-east-1:111111111111:log-group:/app",
        "web",
    )
