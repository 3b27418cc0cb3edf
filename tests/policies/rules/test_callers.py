"""The callers of the AI budget service in a configuration that cannot be read."""

from policies import messages
from tests.policies import compliant_aws as aws
from tests.policies.pack_client import Pack, with_property


def test_a_configuration_that_is_not_toml_is_undetermined():
    function = with_property(
        aws.ai_budget_function(), "environment", {"variables": {"AI_BUDGET_CONFIG": "callers ="}}
    )
    (item,) = [item for item in Pack().evaluate(function) if item.policy == "ai-budget-has-callers-in-prod"]
    assert messages.UNDETERMINED in item.message
    assert "is not TOML" in item.message
