"""The fake account: updates, deletion, the journal, and which account a resource is in."""

from contextlib import closing

import pytest

from teei_finops.sandbox.providers.aws.account import FakeAccount
from tests.teei_finops.sandbox.providers.aws.valid_resources import (
    QUEUE_URL,
    REGION,
    VALID_INPUTS,
    create_all,
)


def test_deleting_every_resource_leaves_an_empty_account_and_no_journal(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with closing(FakeAccount(journal)) as account:
        ids = create_all(account)
        for token, resource_id in ids.items():
            account.update(token, resource_id, {**VALID_INPUTS[token], "tags": {"team": "platform"}})
        with account.session() as session:
            tags = session.client("sqs").list_queue_tags(QueueUrl=QUEUE_URL)["Tags"]
        assert tags == {"team": "platform"}
        for token, resource_id in reversed(ids.items()):
            account.delete(token, resource_id)
        with account.session() as session:
            remaining = {
                "buckets": session.client("s3").list_buckets()["Buckets"],
                "databases": session.client("rds").describe_db_instances()["DBInstances"],
                "functions": session.client("lambda").list_functions()["Functions"],
                "roles": session.client("iam").list_roles()["Roles"],
                "queues": session.client("sqs").list_queues().get("QueueUrls", []),
                "topics": session.client("sns").list_topics()["Topics"],
                "secrets": session.client("secretsmanager").list_secrets()["SecretList"],
                "alarms": session.client("cloudwatch").describe_alarms()["MetricAlarms"],
            }
    assert {name: resources for name, resources in remaining.items() if resources} == {}
    assert not journal.exists()


def test_a_resource_that_is_not_in_the_state_is_not_restored(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with closing(FakeAccount(journal)) as first:
        topic = first.create("aws:sns/topic:Topic", {"name": "kept"}, REGION)
        first.create("aws:sns/topic:Topic", {"name": "dropped"}, REGION)
    in_state = [("aws:sns/topic:Topic", topic.id)]
    with closing(FakeAccount(journal, lambda: in_state)) as later, later.session() as session:
        topics = session.client("sns").list_topics()["Topics"]
    assert [item["TopicArn"] for item in topics] == [topic.id]


def test_a_resource_is_restored_with_its_id_after_an_earlier_one_was_deleted(tmp_path):
    journal, token = tmp_path / "dev.jsonl", "aws:ec2/securityGroup:SecurityGroup"
    with closing(FakeAccount(journal)) as first:
        deleted = first.create(token, {"name": "deleted"}, REGION)
        group = first.create(token, {"name": "group"}, REGION)
        first.delete(token, deleted.id)
    with closing(FakeAccount(journal, lambda: [(token, group.id)])) as later, later.session() as session:
        groups = session.client("ec2").describe_security_groups(GroupIds=[group.id])["SecurityGroups"]
    assert [item["GroupName"] for item in groups] == ["group"]


def test_an_incomplete_line_of_a_killed_process_is_skipped(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with closing(FakeAccount(journal)) as first:
        topic = first.create("aws:sns/topic:Topic", {"name": "kept"}, REGION)
    journal.write_text(journal.read_text() + '{"type": "aws:sns/topic:To')
    with closing(FakeAccount(journal, lambda: [("aws:sns/topic:Topic", topic.id)])) as later:
        assert later.holds("aws:sns/topic:Topic", topic.id)


def test_only_the_owner_can_read_the_journal(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with closing(FakeAccount(journal)) as account:
        account.create("aws:sns/topic:Topic", {"name": "kept"}, REGION)
    assert journal.stat().st_mode & 0o077 == 0


def test_a_type_without_a_handler_is_ignored(tmp_path):
    account = FakeAccount(tmp_path / "dev.jsonl")
    assert account.create("aws:dynamodb/table:Table", {"name": "t"}, REGION) is None
    assert account.update("aws:dynamodb/table:Table", "t", {"name": "t"}) is None


def test_a_process_opens_one_account_at_a_time(tmp_path):
    with closing(FakeAccount(tmp_path / "one.jsonl")) as first, first.session():
        second = FakeAccount(tmp_path / "two.jsonl")
        with pytest.raises(RuntimeError, match="close the other account first"), second.session():
            pass


def test_a_policy_that_aws_manages_can_be_attached_to_a_role(tmp_path):
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    role, attachment = "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    with closing(FakeAccount(tmp_path / "dev.jsonl")) as account:
        account.create(role, VALID_INPUTS[role], REGION)
        account.create(attachment, {"role": "runner", "policyArn": arn}, REGION)
        with account.session() as session:
            response = session.client("iam").list_attached_role_policies(RoleName="runner")
    assert [policy["PolicyArn"] for policy in response["AttachedPolicies"]] == [arn]


def test_resources_are_in_the_account_of_their_provider(tmp_path):
    journal, account = tmp_path / "dev.jsonl", "210987654321"
    token = "aws:sqs/queue:Queue"
    with closing(FakeAccount(journal)) as first:
        queue = first.create(token, {"name": "usage"}, REGION, account)
        assert queue.outputs["arn"] == f"arn:aws:sqs:us-east-1:{account}:usage"
    with closing(FakeAccount(journal, lambda: [(token, queue.id)])) as later, later.session() as session:
        urls = session.client("sqs").list_queues()["QueueUrls"]
        assert session.client("sts").get_caller_identity()["Account"] == account
    assert urls == [f"https://sqs.us-east-1.amazonaws.com/{account}/usage"]


def test_a_session_ignores_the_endpoint_of_the_environment(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with closing(FakeAccount(None)) as account, account.session() as session:
        assert session.client("s3").list_buckets()["Buckets"] == []
