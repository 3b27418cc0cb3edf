"""Parameters of databases whose values are unknown, or come after one that is not reported."""

import pytest

from policies import messages
from tests.policies import compliant_aws as aws
from tests.policies.pack_client import UNKNOWN, Pack, with_property

VALID, DRIFT = "database-parameters-have-valid-values", "database-parameters-do-not-drift"


def found(policy: str, *parameters: dict) -> list[str]:
    group = with_property(aws.parameter_group(), "parameters", list(parameters))
    return [item.message for item in Pack().evaluate(group) if item.policy == policy]


@pytest.mark.parametrize(
    ("policy", "parameter", "undetermined"),
    [
        (VALID, {"name": "wal_keep_size", "value": UNKNOWN}, True),
        (VALID, {"name": "log_statement", "value": UNKNOWN}, False),
        (DRIFT, {"name": "rds.force_ssl", "value": UNKNOWN}, True),
        (DRIFT, {"name": "rds.force_ssl", "value": "1", "applyMethod": UNKNOWN}, True),
        (DRIFT, {"name": "log_statement", "value": UNKNOWN}, False),
    ],
)
def test_an_unknown_value_matters_only_to_parameters_that_the_policy_judges(policy, parameter, undetermined):
    assert [messages.UNDETERMINED in message for message in found(policy, parameter)] == [True] * undetermined


def test_every_parameter_with_a_default_is_reported():
    waiting = {"name": "rds.logical_replication", "value": "0", "applyMethod": "pending-reboot"}
    (message,) = found(DRIFT, waiting, {"name": "rds.force_ssl", "value": "1"})
    assert "rds.force_ssl" in message
