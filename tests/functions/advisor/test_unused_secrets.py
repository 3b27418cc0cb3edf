"""Secrets that nothing reads, from recorded answers of AWS."""

from datetime import UTC, datetime

import pytest

from functions.advisor.account.unused_secrets import unused_secrets
from tests.functions.advisor.test_sources import account
from tests.functions.cost_data.recorded_aws import RecordedAws


@pytest.mark.parametrize(
    ("primary", "command"),
    [
        ({}, "delete-secret --region us-east-1 --secret-id old --recovery-window-in-days 30"),
        (
            {"PrimaryRegion": "us-east-1"},
            "delete-secret --region us-east-1 --secret-id old --recovery-window-in-days 30",
        ),
        (
            {"PrimaryRegion": "eu-central-1"},
            "remove-regions-from-replication --region eu-central-1 --secret-id old "
            "--remove-replica-regions us-east-1",
        ),
    ],
)
def test_a_replica_is_removed_in_the_region_of_its_primary(primary, command):
    secret = {
        "ARN": "arn:aws:secretsmanager:us-east-1:111111111111:secret:old-AbCdEf", "Name": "old",
        "CreatedDate": datetime(2025, 1, 1, tzinfo=UTC),
    } | primary  # fmt: skip
    aws = RecordedAws(secretsmanager__list_secrets={"SecretList": [secret]})
    (finding,) = unused_secrets(account(aws))
    assert finding.change == f"verify before deleting: aws secretsmanager {command}"
