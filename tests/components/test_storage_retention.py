"""The buckets: configurations, access and lifecycles."""

import json

import pytest

from tests.components.recorded import record
from tests.components.stack_config import STACKS

ROLES = ("exports", "backups", "logs", "access-logs")
CONFIGURATIONS = (
    "bucketPublicAccessBlock:BucketPublicAccessBlock",
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "bucketVersioning:BucketVersioning",
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "bucketPolicy:BucketPolicy",
)


def bucket(stack, role):
    return next(
        resource
        for resource in record(stack).part("storage").of("s3/bucket:Bucket")
        if resource.name == f"storage-{role}-bucket"
    )


def configuration(stack, role, kind):
    name = bucket(stack, role).inputs["bucket"]
    (inputs,) = [
        resource.inputs
        for resource in record(stack).part("storage").of(f"s3/{kind}")
        if resource.inputs["bucket"] == name
    ]
    return inputs


def lifecycle(role):
    """The lifecycle rules of a bucket of prod."""
    return configuration("prod", role, "bucketLifecycleConfiguration:BucketLifecycleConfiguration")["rules"]


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_every_bucket_has_one_of_each_configuration(stack, kind):
    storage = record(stack).part("storage")
    buckets = {resource.inputs["bucket"] for resource in storage.of("s3/bucket:Bucket")}
    assert len(buckets) == len(ROLES)
    assert sorted(resource.inputs["bucket"] for resource in storage.of(f"s3/{kind}")) == sorted(buckets)


@pytest.mark.parametrize("role", ROLES)
def test_a_bucket_is_private_encrypted_and_versioned(role):
    private = configuration("prod", role, "bucketPublicAccessBlock:BucketPublicAccessBlock")
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(private[flag] is True for flag in flags)
    encryption = configuration(
        "prod", role, "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    assert encryption["rules"][0]["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"
    versioning = configuration("prod", role, "bucketVersioning:BucketVersioning")
    assert versioning["versioningConfiguration"]["status"] == "Enabled"


@pytest.mark.parametrize("role", ROLES)
def test_a_bucket_denies_everything_without_tls(role):
    policy = json.loads(configuration("prod", role, "bucketPolicy:BucketPolicy")["policy"])
    arn = f"arn:aws:mock:::{bucket('prod', role).inputs['bucket']}"
    assert {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    } in policy["Statement"]


def test_only_the_access_log_bucket_accepts_logs_and_only_from_this_account():
    for role in ROLES:
        policy = json.loads(configuration("prod", role, "bucketPolicy:BucketPolicy")["policy"])
        allowed = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
        assert len(allowed) == (role == "access-logs")
        for statement in allowed:
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_only_the_access_log_bucket_can_be_deleted_with_its_objects():
    assert {role: bucket("prod", role).inputs["forceDestroy"] for role in ROLES} == {
        "exports": False,
        "backups": False,
        "logs": False,
        "access-logs": True,
    }


def test_the_other_buckets_write_their_access_logs_there():
    target = bucket("prod", "access-logs").inputs["bucket"]
    logging = record("prod").part("storage").of("s3/bucketLogging:BucketLogging")
    assert {resource.inputs["bucket"] for resource in logging} == {
        bucket("prod", role).inputs["bucket"] for role in ROLES if role != "access-logs"
    }
    assert {resource.inputs["targetBucket"] for resource in logging} == {target}


@pytest.mark.parametrize(
    ("role", "transitions", "expiry"),
    [
        ("exports", [(30, "STANDARD_IA")], 90),
        ("backups", [(30, "GLACIER_IR"), (120, "DEEP_ARCHIVE")], 730),
        ("logs", [(30, "STANDARD_IA")], 97),
        ("access-logs", [], 90),
    ],
)
def test_objects_move_and_expire_as_in_the_corrected_guide(role, transitions, expiry):
    retention = lifecycle(role)[0]
    assert retention["status"] == "Enabled"
    assert retention["filter"] == {"prefix": ""}
    assert [
        (transition["days"], transition["storageClass"]) for transition in retention["transitions"]
    ] == transitions
    assert retention["expiration"] == {"days": expiry}
    assert retention["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_exports_keep_at_most_five_noncurrent_versions_and_none_longer_than_thirty_days():
    by_age, by_count = lifecycle("exports")
    assert by_age["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert by_count["noncurrentVersionExpiration"] == {"noncurrentDays": 1, "newerNoncurrentVersions": 5}
    assert by_count["filter"] == {"prefix": ""}
