"""The outputs that repeat inputs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from teei_finops.sandbox.providers.echoed_inputs import echoed_inputs
from teei_finops.sandbox.providers.plausible_values import Subject
from teei_finops.sandbox.providers.property_values import UNKNOWN, secret, struct_to_python, to_struct
from teei_finops.sandbox.providers.sdk_schema import Schema


@pulumi.output_type
class Identity(dict):
    """Azure returns the identities that a program gives as a list as a map."""

    def __init__(self, *, type: str, identities: Mapping[str, str] | None = None):
        pulumi.set(self, "type", type)
        pulumi.set(self, "identities", identities)

    @property
    @pulumi.getter
    def type(self) -> str:
        return pulumi.get(self, "type")

    @property
    @pulumi.getter
    def identities(self) -> Mapping[str, str] | None:
        return pulumi.get(self, "identities")


OUTPUTS = {"identity": Identity, "zones": Sequence[str], "size": int, "labels": Mapping[str, str]}
SCHEMA = Schema(inputs={}, required=frozenset(), outputs=OUTPUTS, forces_new=frozenset())
SUBJECT = Subject("vm", "us-east-1", "123456789012")


def echoed(inputs: Mapping[str, Any], subject: Subject | None = None) -> Any:
    return struct_to_python(echoed_inputs(SCHEMA, to_struct(inputs), subject))


def test_inputs_of_the_type_of_their_output_are_repeated():
    inputs = {
        "identity": {"type": "SystemAssigned", "identities": {"a": "b"}},
        "zones": ["a"],
        "size": 3,
        "labels": {},
        "notAnOutput": [1],
    }
    assert echoed(inputs) == echoed(inputs, SUBJECT) == inputs


def test_an_input_of_another_type_than_its_output_is_unknown_in_a_preview():
    inputs = {"identity": {"type": "UserAssigned", "identities": ["a"]}, "zones": "a", "labels": "b"}
    assert echoed(inputs) == {
        "identity": {"type": "UserAssigned", "identities": UNKNOWN},
        "zones": UNKNOWN,
        "labels": UNKNOWN,
    }


def test_an_input_of_another_type_than_its_output_gets_a_value_of_that_type_when_it_is_created():
    outputs = echoed({"identity": {"type": "UserAssigned", "identities": ["a"]}, "zones": "a"}, SUBJECT)
    assert outputs["identity"]["type"] == "UserAssigned"
    assert isinstance(outputs["identity"]["identities"], dict)
    assert outputs["zones"]
    assert isinstance(outputs["zones"], list)


@pytest.mark.parametrize("value", [UNKNOWN, None])
def test_unknown_values_and_nulls_stay_as_they_are(value):
    assert echoed({"zones": value}, SUBJECT) == {"zones": value}


def test_a_secret_stays_secret():
    outputs = echoed_inputs(SCHEMA, to_struct({"zones": secret("a")}), SUBJECT)
    assert outputs.fields["zones"].struct_value.fields["value"].WhichOneof("kind") == "list_value"
