"""What a stack makes at AWS: made through boto3, read back with boto3, made again, changed, removed."""

import pytest

from teei_finops.sandbox.providers.aws.account import Account
from tests.teei_finops.sandbox.made_examples import EXAMPLES, QUEUE_URL, REGION, make_all, opened


def test_every_resource_is_changed_and_removed_and_nothing_is_left(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with opened(Account(journal)) as account:
        ids = make_all(account)
        for token, resource_id in ids.items():
            account.update(token, resource_id, {**EXAMPLES[token], "tags": {"team": "platform"}})
        with account.session() as session:
            tags = session.client("sqs").list_queue_tags(QueueUrl=QUEUE_URL)["Tags"]
        assert tags == {"team": "platform"}
        for token, resource_id in reversed(ids.items()):
            account.delete(token, resource_id)
        with account.session() as session:
            left = {
                "buckets": session.client("s3").list_buckets()["Buckets"],
                "databases": session.client("rds").describe_db_instances()["DBInstances"],
                "functions": session.client("lambda").list_functions()["Functions"],
                "roles": session.client("iam").list_roles()["Roles"],
                "queues": session.client("sqs").list_queues().get("QueueUrls", []),
                "topics": session.client("sns").list_topics()["Topics"],
                "secrets": session.client("secretsmanager").list_secrets()["SecretList"],
                "alarms": session.client("cloudwatch").describe_alarms()["MetricAlarms"],
            }
    assert {name: found for name, found in left.items() if found} == {}
    assert not journal.exists()


def test_what_the_state_no_longer_holds_is_not_made_again(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with opened(Account(journal)) as first:
        topic = first.create("aws:sns/topic:Topic", {"name": "kept"}, REGION)
        first.create("aws:sns/topic:Topic", {"name": "lost"}, REGION)
    held = [("aws:sns/topic:Topic", topic.id)]
    with opened(Account(journal, lambda: held)) as later, later.session() as session:
        found = session.client("sns").list_topics()["Topics"]
    assert [item["TopicArn"] for item in found] == [topic.id]


def test_a_line_that_was_being_written_when_the_process_was_killed_is_skipped(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with opened(Account(journal)) as first:
        topic = first.create("aws:sns/topic:Topic", {"name": "kept"}, REGION)
    journal.write_text(journal.read_text() + '{"type": "aws:sns/topic:To')
    with opened(Account(journal, lambda: [("aws:sns/topic:Topic", topic.id)])) as later:
        assert later.holds("aws:sns/topic:Topic", topic.id)


def test_the_journal_is_for_its_owner_only(tmp_path):
    journal = tmp_path / "dev.jsonl"
    with opened(Account(journal)) as account:
        account.create("aws:sns/topic:Topic", {"name": "kept"}, REGION)
    assert journal.stat().st_mode & 0o077 == 0


def test_a_type_without_a_maker_is_left_to_others(tmp_path):
    account = Account(tmp_path / "dev.jsonl")
    assert account.create("aws:dynamodb/table:Table", {"name": "t"}, REGION) is None
    assert account.update("aws:dynamodb/table:Table", "t", {"name": "t"}) is None


def test_a_second_account_in_one_process_is_refused_while_the_first_is_open(tmp_path):
    with opened(Account(tmp_path / "one.jsonl")) as first, first.session():
        second = Account(tmp_path / "two.jsonl")
        with pytest.raises(RuntimeError, match="close the other one first"), second.session():
            pass


def test_a_policy_that_aws_manages_can_be_attached(tmp_path):
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    role, attachment = "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    with opened(Account(tmp_path / "dev.jsonl")) as account:
        account.create(role, EXAMPLES[role], REGION)
        account.create(attachment, {"role": "runner", "policyArn": arn}, REGION)
        with account.session() as session:
            found = session.client("iam").list_attached_role_policies(RoleName="runner")["AttachedPolicies"]
    assert [item["PolicyArn"] for item in found] == [arn]


def test_everything_is_in_the_account_that_the_provider_names(tmp_path):
    journal, account = tmp_path / "dev.jsonl", "210987654321"
    token = "aws:sqs/queue:Queue"
    with opened(Account(journal)) as first:
        queue = first.create(token, {"name": "usage"}, REGION, account)
        assert queue.outputs["arn"] == f"arn:aws:sqs:us-east-1:{account}:usage"
    with opened(Account(journal, lambda: [(token, queue.id)])) as later, later.session() as session:
        found = session.client("sqs").list_queues()["QueueUrls"]
        assert session.client("sts").get_caller_identity()["Account"] == account
    assert found == [f"https://sqs.us-east-1.amazonaws.com/{account}/usage"]
