"""Resources created by the handlers, read back with boto3 in a restored account."""

from contextlib import closing

import pytest
from botocore.exceptions import ClientError

from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.api import AwsError
from tests.teei_finops.sandbox.providers.aws.rejected_inputs import REJECTED
from tests.teei_finops.sandbox.providers.aws.valid_resources import (
    ALLOW,
    QUEUE_URL,
    REGION,
    VALID_INPUTS,
    create_all,
)


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """An account with every resource, restored from its journal."""
    journal = tmp_path_factory.mktemp("account") / "dev.jsonl"
    with closing(FakeAccount(journal)) as first:
        ids = create_all(first)
    with closing(FakeAccount(journal, ids.items)) as account, account.session() as session:
        yield account, ids, lambda service: session.client(service)


def test_resources_are_restored_with_their_ids(restored):
    account, ids, client = restored
    assert all(account.holds(token, resource_id) for token, resource_id in ids.items())
    group = ids["aws:ec2/securityGroup:SecurityGroup"]
    assert client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    mapping = ids["aws:lambda/eventSourceMapping:EventSourceMapping"]
    assert client("lambda").get_event_source_mapping(UUID=mapping)["BatchSize"] == 10
    assert client("kms").describe_key(KeyId=ids["aws:kms/key:Key"])["KeyMetadata"]["Enabled"]
    subscription = ids["aws:sns/topicSubscription:TopicSubscription"]
    assert client("sns").get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def test_a_budget_has_its_limit_filter_and_notification(restored):
    client = restored[2]("budgets")
    account = "123456789012"
    budget = client.describe_budget(AccountId=account, BudgetName="cloud-total")["Budget"]
    assert float(budget["BudgetLimit"]["Amount"]) == 100000
    assert budget["CostFilters"] == {"Service": ["Amazon Simple Storage Service"]}
    response = client.describe_notifications_for_budget(AccountId=account, BudgetName="cloud-total")
    assert [notification["Threshold"] for notification in response["Notifications"]] == [80.0]


def test_a_bucket_has_all_its_settings(restored):
    s3 = restored[2]("s3")
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


def test_a_bucket_without_a_lifecycle_has_the_error_of_s3(restored):
    s3 = restored[2]("s3")
    s3.create_bucket(Bucket="without-lifecycle")
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="without-lifecycle")
    s3.delete_bucket(Bucket="without-lifecycle")


def test_a_database_has_its_subnet_and_parameter_groups(restored):
    rds = restored[2]("rds")
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


def test_functions_schedules_and_queues_have_their_settings(restored):
    function = restored[2]("lambda").get_function(FunctionName="budget")
    assert function["Configuration"]["MemorySize"] == 512
    assert function["Configuration"]["VpcConfig"]["SubnetIds"] == ["subnet-0a1", "subnet-0b2"]
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 5
    schedule = restored[2]("scheduler").get_schedule(Name="reset", GroupName="finops")
    assert schedule["ScheduleExpression"] == "cron(0 0 1 * ? *)"
    queue = restored[2]("sqs").get_queue_attributes(QueueUrl=QUEUE_URL, AttributeNames=["All"])["Attributes"]
    assert queue["MessageRetentionPeriod"] == "1209600"
    assert '"maxReceiveCount": 5' in queue["RedrivePolicy"]


def test_roles_secrets_alarms_and_log_groups_have_their_settings(restored):
    assert restored[2]("iam").get_role_policy(RoleName="runner", PolicyName="inline")["PolicyDocument"]
    attached = restored[2]("iam").list_attached_role_policies(RoleName="runner")["AttachedPolicies"]
    assert [item["PolicyName"] for item in attached] == ["managed"]
    secret = restored[2]("secretsmanager").get_secret_value(SecretId="admin-token")
    assert secret["SecretString"] == "hush"
    alarm = restored[2]("cloudwatch").describe_alarms()["MetricAlarms"][0]
    assert alarm["MetricName"] == "FreeStorageSpace"
    group = restored[2]("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/budget")["logGroups"][0]
    assert group["retentionInDays"] == 30
    assert restored[2]("ses").list_identities()["Identities"] == ["finops@teei.io"]


@pytest.mark.parametrize(("token", "change", "message"), REJECTED)
def test_inputs_that_aws_rejects_are_rejected_with_its_message(restored, token, change, message):
    with pytest.raises(AwsError) as error:
        restored[0].create(token, {**VALID_INPUTS[token], **change}, REGION)
    assert message in str(error.value)
