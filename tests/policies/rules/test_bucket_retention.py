"""What counts as the lifecycle of a bucket, and what the finding says."""

from tests.policies import compliant_aws as aws
from tests.policies.pack_client import Pack, with_property

POLICY = "bucket-has-a-lifecycle"
VERSIONS_ONLY = {
    "id": "versions",
    "status": "Enabled",
    "filter": {},
    "noncurrentVersionExpiration": {"noncurrentDays": 30},
}


def found(rule: dict | None) -> list[str]:
    resources = [aws.bucket()]
    if rule is not None:
        resources.append(with_property(aws.lifecycle(), "rules", [rule]))
    return [item.message for item in Pack().evaluate(*resources) if item.policy == POLICY]


def test_a_lifecycle_of_noncurrent_versions_is_told_apart_from_none():
    (message,) = found(VERSIONS_ONLY)
    assert "only noncurrent versions have a lifecycle" in message
    (message,) = found(None)
    assert "no enabled lifecycle rule" in message


def test_an_expiration_on_a_date_is_a_lifecycle():
    assert found({"id": "end", "status": "Enabled", "filter": {}, "expiration": {"date": "2027-06-01"}}) == []
