"""The inputs of AWS resource types, read from the classes of the SDK."""

import pytest

from teei_finops.sandbox.providers.input_checks import input_errors
from teei_finops.sandbox.providers.property_values import UNKNOWN
from teei_finops.sandbox.providers.sdk_schema import schema_of

# The SDK warns about its own deprecated classes when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BUDGET = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "100", "limitUnit": "USD"}


def reasons(token, inputs):
    schema = schema_of(token)
    assert schema is not None
    return {error.path: error.reason for error in input_errors(schema, inputs)}


def test_valid_inputs_have_no_error():
    notification = {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "FORECASTED",
        "threshold": 100,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["cfo@teei.io"],
    }
    inputs = {**BUDGET, "notifications": [notification], "tags": {"team": "finops"}, "__defaults": ["name"]}
    assert reasons("aws:budgets/budget:Budget", inputs) == {}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"timeUnit": None}, "timeUnit"),
        ({"limit": "100"}, "limit"),
        ({"limitAmount": ["100"]}, "limitAmount"),
        ({"notifications": {"threshold": 80}}, "notifications"),
        ({"notifications": [{"threshold": 80}]}, "notifications[0].thresholdType"),
        ({"tags": {"team": ["finops"]}}, "tags.team"),
        ({"costTypes": {"includeTaxes": True}}, "costTypes.includeTaxes"),
        ({"costTypes": {"includeTax": "maybe"}}, "costTypes.includeTax"),
        ({"tag": {"team": "finops"}}, "tag"),
    ],
)
def test_a_wrong_input_is_reported_with_its_path(change, path):
    assert path in reasons("aws:budgets/budget:Budget", {**BUDGET, **change})


@pytest.mark.parametrize("value", [UNKNOWN, 30, "30"])
def test_convertible_and_unknown_values_are_accepted(value):
    inputs = {"name": "n", "retentionInDays": value}
    assert reasons("aws:cloudwatch/logGroup:LogGroup", inputs) == {}


def test_a_string_that_is_not_a_number_is_reported():
    inputs = {"retentionInDays": "thirty"}
    assert "retentionInDays" in reasons("aws:cloudwatch/logGroup:LogGroup", inputs)


@pytest.mark.parametrize(
    "token",
    [
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    ],
)
def test_a_resource_with_a_nested_type_of_the_same_name_has_its_own_inputs(token):
    schema = schema_of(token)
    assert schema is not None
    assert "bucket" in schema.inputs


def test_a_type_that_is_not_in_the_sdk_has_no_schema():
    assert schema_of("aws:budgets/budgets:Budgets") is None
