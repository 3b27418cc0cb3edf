"""Each property of a bucket is compared with the settings, on moto."""

import itertools
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from retention.errors import RetentionError
from retention.findings import Findings
from retention.stores import s3
from retention.stores.aws import Aws
from tests.retention.support import NOW, fake_account, stack, texts

KEY = "storage.exports"
SETTINGS = stack().settings
BUCKET = SETTINGS.storage.exports
ALL = {"Prefix": ""}
# The lifecycle of the exports, as S3 returns it: 30 days in Standard, then Standard-IA to day 90.
RULES = [
    {
        "ID": "retention",
        "Status": "Enabled",
        "Filter": ALL,
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        "Expiration": {"Days": 90},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {
        "ID": "noncurrent-versions",
        "Status": "Enabled",
        "Filter": ALL,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 5},
    },
]
LOGS_ONLY = {
    "ID": "temporary", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1},
}  # fmt: skip
# A change of RULES → the difference that it makes.
BREAKS = {
    "no expiration": (
        lambda rules: rules[0].pop("Expiration"),
        "the age at which objects expire is not set, but 90 days is declared"
        " (storage.exports.expiration_days)",
    ),
    "later expiration": (
        lambda rules: rules[0]["Expiration"].update(Days=120),
        "the age at which objects expire is 120 days, but 90 days is declared"
        " (storage.exports.expiration_days)",
    ),
    "no transition": (
        lambda rules: rules[0].pop("Transitions"),
        "the day of each transition is none, but STANDARD_IA 30 is declared (storage.exports.transitions)",
    ),
    "other class": (
        lambda rules: rules[0]["Transitions"][0].update(StorageClass="GLACIER"),
        "the day of each transition is GLACIER 30, but STANDARD_IA 30 is declared"
        " (storage.exports.transitions)",
    ),
    "noncurrent versions": (
        lambda rules: rules[0].pop("NoncurrentVersionExpiration"),
        "the age at which noncurrent versions expire is not set, but 30 days is declared"
        " (storage.exports.noncurrent_versions.days)",
    ),
    "count of versions": (
        lambda rules: rules.pop(1),
        "the most noncurrent versions is not set, but 5 versions is declared"
        " (storage.exports.noncurrent_versions.max_count)",
    ),
    "uploads": (
        lambda rules: rules[0]["AbortIncompleteMultipartUpload"].update(DaysAfterInitiation=30),
        "the age at which incomplete uploads are aborted is 30 days, but 7 days is declared"
        " (storage.exports.abort_incomplete_upload_days)",
    ),
    "rule for a part": (
        lambda rules: rules.append(LOGS_ONLY),
        "rules that apply to a part of the bucket: temporary; none is declared (storage.exports)",
    ),
    "noncurrent transition": (
        lambda rules: rules[0].update(
            NoncurrentVersionTransitions=[{"NoncurrentDays": 3, "StorageClass": "GLACIER"}]
        ),
        "the day of each transition of noncurrent versions is GLACIER 3, but none is declared"
        " (storage.exports.transitions)",
    ),
}


def differences(rules):
    """What differs from the exports when their bucket has these rules."""
    findings = Findings("s3", s3.RUNBOOK)
    declared, actual = s3.declared_lifecycle(BUCKET), s3.effective_lifecycle(rules)
    s3.compare_lifecycle(findings.of(BUCKET.name), KEY, declared, actual)
    assert findings.checks == 7
    return findings


def test_the_declared_lifecycle_has_no_difference():
    assert texts(differences(RULES)) == []


@pytest.mark.parametrize("broken", BREAKS)
def test_each_property_of_the_lifecycle_is_compared(broken):
    change, text = BREAKS[broken]
    rules = deepcopy(RULES)
    change(rules)
    assert texts(differences(rules)) == [text]


def test_a_disabled_rule_does_nothing():
    rules = deepcopy(RULES)
    rules[0]["Status"] = "Disabled"
    assert {difference.setting for difference in differences(rules).differences} == {
        f"{KEY}.{name}"
        for name in (
            "transitions", "expiration_days", "noncurrent_versions.days", "abort_incomplete_upload_days",
        )
    }  # fmt: skip


def test_of_two_rules_the_earlier_action_counts():
    earlier = {"ID": "b", "Status": "Enabled", "Filter": ALL, "Expiration": {"Days": 10}}
    assert s3.effective_lifecycle([*RULES, earlier]).expiration_days == 10
    assert s3.effective_lifecycle([earlier, *RULES]).expiration_days == 10


@pytest.fixture(scope="module")
def session():
    with fake_account() as session:
        yield session


@pytest.fixture
def bucket(session):
    """The settings of a bucket that exists as declared; moto stores no count of noncurrent versions."""
    name = f"exports-{next(_numbers)}"
    changes = {"storage__exports__name": name, "storage__exports__noncurrent_versions": {"days": 30}}
    client = session.client("s3")
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": RULES[:1]})
    return stack(**changes).settings.storage.exports


_numbers = itertools.count()


def verify(session, bucket, now=NOW):
    return s3.verify(Aws(SETTINGS.account_id, SETTINGS.region, session), {KEY: bucket}, now)


def test_a_bucket_as_declared_has_no_difference_and_is_measured(session, bucket):
    session.client("s3").put_object(Bucket=bucket.name, Key="export", Body=b"x" * 5000)
    findings = verify(session, bucket, datetime.now(UTC))
    assert texts(findings) == []
    assert findings.checks == 10
    measured = findings.measured[bucket.name]
    assert measured["role"] == "exports"
    assert measured["expiration_days"] == 90
    assert measured["objects"] == 1
    assert set(measured["bytes_by_class"]) == {"STANDARD"}


def test_suspended_versioning_is_a_difference(session, bucket):
    session.client("s3").put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Suspended"}
    )
    assert texts(verify(session, bucket)) == [
        "versioning is Suspended, but Enabled is declared (storage.exports.noncurrent_versions)"
    ]


def test_a_bucket_without_a_lifecycle_and_one_that_does_not_exist_differ(session, bucket):
    session.client("s3").delete_bucket_lifecycle(Bucket=bucket.name)
    assert len(verify(session, bucket).differences) == 4
    session.client("s3").delete_bucket(Bucket=bucket.name)
    assert texts(verify(session, bucket)) == ["the bucket does not exist (storage.exports.name)"]


def test_an_incomplete_upload_differs_when_the_lifecycle_should_have_aborted_it(session, bucket):
    client = session.client("s3")
    client.create_multipart_upload(Bucket=bucket.name, Key="large")
    [upload] = client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
    recent = verify(session, bucket, upload["Initiated"] + timedelta(days=8))
    assert texts(recent) == []
    assert recent.measured[bucket.name]["incomplete_uploads"] == 1
    late = verify(session, bucket, upload["Initiated"] + timedelta(days=10))
    assert texts(late) == [
        "incomplete uploads older than 7 days: 1, the oldest of"
        f" {upload['Initiated']:%Y-%m-%d} (storage.exports.abort_incomplete_upload_days)"
    ]


def test_bytes_in_a_class_that_no_transition_leads_to_differ(session, bucket):
    now = datetime.now(UTC)
    sizes = {"GlacierStorage": 4e9, "GlacierObjectOverhead": 1e9, "StandardIAStorage": 3e9}
    session.client("cloudwatch").put_metric_data(
        Namespace="AWS/S3",
        MetricData=[
            {
                "MetricName": "BucketSizeBytes",
                "Dimensions": [
                    {"Name": "BucketName", "Value": bucket.name},
                    {"Name": "StorageType", "Value": storage_type},
                ],
                "Value": size,
                "Timestamp": now - timedelta(days=1),
            }
            for storage_type, size in sizes.items()
        ],
    )
    findings = verify(session, bucket, now)
    assert texts(findings) == [
        "5.0 GB are in GLACIER, which no transition leads to (storage.exports.transitions)"
    ]
    sizes = findings.measured[bucket.name]["bytes_by_class"]
    assert (sizes["GLACIER"], sizes["STANDARD_IA"]) == (5_000_000_000, 3_000_000_000)


def test_credentials_of_another_account_are_an_error(session):
    with pytest.raises(RetentionError, match="account 123456789012, but the stack is in 210987654321"):
        Aws("210987654321", "us-east-1", session)


def test_a_wrong_endpoint_is_an_error_of_one_line(wrong_endpoint):
    with pytest.raises(RetentionError, match=wrong_endpoint):
        Aws(SETTINGS.account_id, SETTINGS.region)
