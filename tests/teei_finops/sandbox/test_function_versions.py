"""Versions of a function in the stand-in: a change publishes one, and a later process knows them all."""

import pytest

from teei_finops.sandbox.providers.aws.account import Account
from teei_finops.sandbox.providers.aws.resources import unknown_again
from tests.teei_finops.sandbox.made_examples import EXAMPLES, make_all, opened

TOKEN = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
GOOD = EXAMPLES[TOKEN]
NEW_CODE = {**GOOD, "code": {"assets": {"handler.py": {"text": "def handle(event, context): return 1"}}}}


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "dev.jsonl"


def test_each_change_of_code_or_configuration_publishes_the_next_version(journal):
    with opened(Account(journal)) as account:
        make_all(account)
        published = [
            account.update(TOKEN, "budget", {**NEW_CODE, **change}).outputs["version"]
            for change in ({}, {"timeout": 11}, {"timeout": 12})
        ]
    assert published == ["2", "3", "4"]


def test_other_changes_publish_none(journal):
    with opened(Account(journal)) as account:
        make_all(account)
        for change in ({"tags": {"team": "data"}}, {"reservedConcurrentExecutions": 7}):
            assert "version" not in account.update(TOKEN, "budget", {**GOOD, **change}).outputs


def test_a_later_process_goes_on_from_the_last_version_and_the_alias_stays_on_its_own(journal):
    with opened(Account(journal)) as first:
        ids = make_all(first)
        first.update(TOKEN, "budget", NEW_CODE)
        first.update(TOKEN, "budget", {**NEW_CODE, "timeout": 11})
        first.update(ALIAS, ids[ALIAS], {**EXAMPLES[ALIAS], "functionVersion": "2"})
    with opened(Account(journal, ids.items)) as later, later.session() as session:
        client = session.client("lambda")
        assert client.get_alias(FunctionName="budget", Name="live")["FunctionVersion"] == "2"
        assert later.update(TOKEN, "budget", {**NEW_CODE, "timeout": 12}).outputs["version"] == "4"


def test_a_plan_leaves_the_version_open_only_where_one_will_be_published():
    assert unknown_again(TOKEN, GOOD, NEW_CODE) == {"version", "qualifiedArn"}
    assert unknown_again(TOKEN, GOOD, {**GOOD, "tags": {}}) == frozenset()
    assert unknown_again(TOKEN, GOOD, {**GOOD, "__defaults": ["name"]}) == frozenset()
    assert unknown_again(TOKEN, GOOD, {**NEW_CODE, "publish": False}) == frozenset()
    assert unknown_again("aws:sqs/queue:Queue", {"name": "a"}, {"name": "b"}) == frozenset()
