"""A billing data export is accepted as AWS accepts it: by its model, and by the policy of its bucket."""

import json
from contextlib import closing
from copy import deepcopy

import pytest

from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.api import AwsError

REGION = "eu-central-1"
EXPORT = "aws:bcmdata/export:Export"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "bcm-data-exports.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::bills/*",
        }
    ],
}
VALID = {
    "export": {
        "name": "teei-focus",
        "dataQueries": [
            {
                "queryStatement": "SELECT BilledCost FROM FOCUS_1_2_AWS",
                "tableConfigurations": {"FOCUS_1_2_AWS": {"TIME_GRANULARITY": "DAILY"}},
            }
        ],
        "destinationConfigurations": [
            {
                "s3Destinations": [
                    {
                        "s3Bucket": "bills",
                        "s3Prefix": "exports",
                        "s3Region": REGION,
                        "s3OutputConfigurations": [
                            {
                                "format": "PARQUET",
                                "compression": "PARQUET",
                                "outputType": "CUSTOM",
                                "overwrite": "OVERWRITE_REPORT",
                            }
                        ],
                    }
                ]
            }
        ],
        "refreshCadences": [{"frequency": "SYNCHRONOUS"}],
    },
    "tags": {"team": "finops"},
}


@pytest.fixture
def account(tmp_path):
    with closing(FakeAccount(tmp_path / "dev.jsonl")) as account:
        account.create("aws:s3/bucket:Bucket", {"bucket": "bills"}, REGION)
        yield account


def allow(account):
    policy = {"bucket": "bills", "policy": json.dumps(POLICY)}
    account.create("aws:s3/bucketPolicy:BucketPolicy", policy, REGION)


def test_an_export_to_a_bucket_that_admits_the_service_has_an_arn_of_its_only_region(account):
    allow(account)
    state = account.create(EXPORT, VALID, REGION)
    assert state.outputs["arn"].startswith(
        "arn:aws:bcm-data-exports:us-east-1:123456789012:export/teei-focus-"
    )
    assert account.holds(EXPORT, state.id)
    account.delete(EXPORT, state.id)
    assert not account.holds(EXPORT, state.id)


def test_a_bucket_that_does_not_admit_the_service_is_rejected(account):
    with pytest.raises(AwsError, match="Failed to verify customer bucket permission: the policy of bills"):
        account.create(EXPORT, VALID, REGION)


@pytest.mark.parametrize(
    ("setting", "value"), [("format", "ORC"), ("compression", "SNAPPY"), ("overwrite", "APPEND")]
)
def test_a_value_that_the_service_does_not_know_is_rejected(account, setting, value):
    allow(account)
    inputs = deepcopy(VALID)
    destination = inputs["export"]["destinationConfigurations"][0]["s3Destinations"][0]
    destination["s3OutputConfigurations"][0][setting] = value
    with pytest.raises(AwsError, match=f"'{value}' is not one of"):
        account.create(EXPORT, inputs, REGION)
