"""Versions of a Lambda function: which updates publish one, and how they are restored."""

from contextlib import closing

import pytest

from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.resources import handler_for
from tests.teei_finops.sandbox.providers.aws.valid_resources import VALID_INPUTS, create_all

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
VALID = VALID_INPUTS[FUNCTION]
NEW_CODE = {**VALID, "code": {"assets": {"handler.py": {"text": "def handle(event, context): return 1"}}}}


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "dev.jsonl"


def test_a_change_of_code_or_configuration_publishes_the_next_version(journal):
    with closing(FakeAccount(journal)) as account:
        create_all(account)
        published = [
            account.update(FUNCTION, "budget", {**NEW_CODE, **change}).outputs["version"]
            for change in ({}, {"timeout": 11}, {"timeout": 12})
        ]
    assert published == ["2", "3", "4"]


def test_a_change_of_tags_or_concurrency_publishes_no_version(journal):
    with closing(FakeAccount(journal)) as account:
        create_all(account)
        for change in ({"tags": {"team": "data"}}, {"reservedConcurrentExecutions": 7}):
            assert "version" not in account.update(FUNCTION, "budget", {**VALID, **change}).outputs


def test_versions_and_the_alias_are_restored(journal):
    with closing(FakeAccount(journal)) as first:
        ids = create_all(first)
        first.update(FUNCTION, "budget", NEW_CODE)
        first.update(FUNCTION, "budget", {**NEW_CODE, "timeout": 11})
        first.update(ALIAS, ids[ALIAS], {**VALID_INPUTS[ALIAS], "functionVersion": "2"})
    with closing(FakeAccount(journal, ids.items)) as later, later.session() as session:
        client = session.client("lambda")
        assert client.get_alias(FunctionName="budget", Name="live")["FunctionVersion"] == "2"
        assert later.update(FUNCTION, "budget", {**NEW_CODE, "timeout": 12}).outputs["version"] == "4"


def test_a_preview_has_an_unknown_version_only_where_one_will_be_published():
    function = handler_for(FUNCTION)
    assert function.recomputed_outputs(VALID, NEW_CODE) == {"version", "qualifiedArn"}
    assert function.recomputed_outputs(VALID, {**VALID, "tags": {}}) == frozenset()
    assert function.recomputed_outputs(VALID, {**VALID, "__defaults": ["name"]}) == frozenset()
    assert function.recomputed_outputs(VALID, {**NEW_CODE, "publish": False}) == frozenset()
    queue = handler_for("aws:sqs/queue:Queue")
    assert queue.recomputed_outputs({"name": "a"}, {"name": "b"}) == frozenset()
