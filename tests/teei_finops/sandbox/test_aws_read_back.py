"""What a stack makes at AWS is made through boto3, and a later process reads it back with boto3."""

import pytest

from teei_finops.sandbox.providers.aws.account import Account
from teei_finops.sandbox.providers.aws.resources import RefusedError
from tests.teei_finops.sandbox.made_examples import (
    ALLOW,
    EXAMPLES,
    QUEUE_URL,
    REFUSED,
    REGION,
    make_all,
    opened,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An account with one of everything, as a second process finds it."""
    journal = tmp_path_factory.mktemp("account") / "dev.jsonl"
    with opened(Account(journal)) as first:
        ids = make_all(first)
    with opened(Account(journal, ids.items)) as account, account.session() as session:
        yield account, ids, lambda service: session.client(service)


def test_a_later_process_finds_everything_with_the_same_ids(made):
    account, ids, client = made
    assert all(account.holds(token, resource_id) for token, resource_id in ids.items())
    group = ids["aws:ec2/securityGroup:SecurityGroup"]
    assert client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    mapping = ids["aws:lambda/eventSourceMapping:EventSourceMapping"]
    assert client("lambda").get_event_source_mapping(UUID=mapping)["BatchSize"] == 10
    assert client("kms").describe_key(KeyId=ids["aws:kms/key:Key"])["KeyMetadata"]["Enabled"]
    subscription = ids["aws:sns/topicSubscription:TopicSubscription"]
    assert client("sns").get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def test_a_budget_is_read_back_with_its_notification_and_subscribers(made):
    client = made[2]("budgets")
    account = "123456789012"
    budget = client.describe_budget(AccountId=account, BudgetName="cloud-total")["Budget"]
    assert float(budget["BudgetLimit"]["Amount"]) == 100000
    assert budget["CostFilters"] == {"Service": ["Amazon Simple Storage Service"]}
    found = client.describe_notifications_for_budget(AccountId=account, BudgetName="cloud-total")
    assert [item["Threshold"] for item in found["Notifications"]] == [80.0]


def test_a_bucket_is_read_back_with_everything_that_is_put_on_it(made):
    s3 = made[2]("s3")
    bucket = {"Bucket": "teei-exports"}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    rule = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]
    assert rule["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]
    assert rule["Expiration"]["Days"] == 90
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert all(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
    encryption = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_policy(**bucket)["Policy"] == ALLOW
    assert s3.get_bucket_logging(**bucket)["LoggingEnabled"]["TargetPrefix"] == "logs/"
    assert s3.get_bucket_tagging(**bucket)["TagSet"] == [{"Key": "team", "Value": "finops"}]


def test_a_database_is_read_back_with_its_groups(made):
    rds = made[2]("rds")
    instance = rds.describe_db_instances()["DBInstances"][0]
    assert instance["DBInstanceIdentifier"] == "ledger"
    assert instance["MultiAZ"]
    assert instance["StorageEncrypted"]
    assert instance["BackupRetentionPeriod"] == 7
    assert instance["DBSubnetGroup"]["DBSubnetGroupName"] == "ledger"
    assert instance["DBParameterGroups"][0]["DBParameterGroupName"] == "ledger"
    assert instance["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:")
    parameters = rds.describe_db_parameters(DBParameterGroupName="ledger")["Parameters"]
    assert {item["ParameterName"]: item["ParameterValue"] for item in parameters}["wal_keep_size"] == "10240"


def test_functions_schedules_and_queues_are_read_back(made):
    function = made[2]("lambda").get_function(FunctionName="budget")
    assert function["Configuration"]["MemorySize"] == 512
    assert function["Configuration"]["VpcConfig"]["SubnetIds"] == ["subnet-0a1", "subnet-0b2"]
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 5
    schedule = made[2]("scheduler").get_schedule(Name="reset", GroupName="finops")
    assert schedule["ScheduleExpression"] == "cron(0 0 1 * ? *)"
    queue = made[2]("sqs").get_queue_attributes(QueueUrl=QUEUE_URL, AttributeNames=["All"])["Attributes"]
    assert queue["MessageRetentionPeriod"] == "1209600"
    assert '"maxReceiveCount": 5' in queue["RedrivePolicy"]


def test_identities_secrets_and_alarms_are_read_back(made):
    assert made[2]("iam").get_role_policy(RoleName="runner", PolicyName="inline")["PolicyDocument"]
    attached = made[2]("iam").list_attached_role_policies(RoleName="runner")["AttachedPolicies"]
    assert [item["PolicyName"] for item in attached] == ["managed"]
    secret = made[2]("secretsmanager").get_secret_value(SecretId="admin-token")
    assert secret["SecretString"] == "hush"
    alarm = made[2]("cloudwatch").describe_alarms()["MetricAlarms"][0]
    assert alarm["MetricName"] == "FreeStorageSpace"
    group = made[2]("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/budget")["logGroups"][0]
    assert group["retentionInDays"] == 30
    assert made[2]("ses").list_identities()["Identities"] == ["finops@teei.io"]


@pytest.mark.parametrize(("token", "change", "said"), REFUSED)
def test_what_aws_refuses_is_refused_with_what_it_says(made, token, change, said):
    with pytest.raises(RefusedError) as error:
        made[0].create(token, {**EXAMPLES[token], **change}, REGION)
    assert said in str(error.value)
