"""The three stacks on the real engine in the sandbox: made, read back, changed, replaced, destroyed."""

import json
from decimal import Decimal

import pytest

from components import tags
from tests.components.stack_config import STACKS
from tests.components.taggable import can_be_tagged
from tests.integration.stack_project import ProjectCopy

SERVICE = "teei-prod-us-east-1-ai-budget"
pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project with all three stacks deployed."""
    made = ProjectCopy.copied_to(tmp_path_factory.mktemp("project"))
    for stack in STACKS:
        done = made.stack(stack).up()
        assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture(scope="module")
def account(project):
    """A boto3 session on the fake AWS account of the stack prod."""
    with project.stack("prod").boto3_session() as session:
        yield session


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_preview_shows_no_change(project, stack):
    assert project.stack(stack).planned() == {}


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_carries_all_six_tags_as_made(project, stack):
    made = [
        each
        for each in project.stack(stack).resources()
        if each["type"].startswith("aws:") and can_be_tagged(each["type"])
    ]
    assert len(made) >= 10
    for each in made:
        assert tags.problems(each["outputs"]["tagsAll"]) == (), each["urn"]


def test_a_budget_reads_back_with_its_limit_filter_and_notifications(account):
    budgets = account.client("budgets")
    found = {
        each["BudgetName"]: each for each in budgets.describe_budgets(AccountId="123456789012")["Budgets"]
    }
    assert len(found) == 11
    assert Decimal(found["cloud-total"]["BudgetLimit"]["Amount"]) == 100_000
    assert Decimal(found["ai-tokens"]["BudgetLimit"]["Amount"]) == 10_000
    assert found["cloud-rds"]["CostFilters"] == {"Service": ["Amazon Relational Database Service"]}
    for name in found:
        told = budgets.describe_notifications_for_budget(AccountId="123456789012", BudgetName=name)
        kinds = {(each["NotificationType"], each["Threshold"]) for each in told["Notifications"]}
        assert kinds == {("ACTUAL", percent) for percent in (70, 80, 100, 101)} | {("FORECASTED", 100)}


def test_the_buckets_read_back_private_encrypted_versioned_and_with_their_lifecycles(account):
    s3 = account.client("s3")
    names = {each["Name"] for each in s3.list_buckets()["Buckets"]}
    assert names == {f"teei-prod-us-east-1-{role}" for role in ("exports", "backups", "logs", "access-logs")}
    for name in names:
        assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=name)["Policy"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket="teei-prod-us-east-1-backups")["Rules"]
    assert [(each["Days"], each["StorageClass"]) for each in rules[0]["Transitions"]] == [
        (30, "GLACIER_IR"),
        (120, "DEEP_ARCHIVE"),
    ]
    assert rules[0]["Expiration"]["Days"] == 730


def test_the_database_reads_back_with_its_parameters(account):
    rds = account.client("rds")
    (instance,) = rds.describe_db_instances()["DBInstances"]
    assert instance["MultiAZ"] is True
    assert instance["StorageEncrypted"] is True
    assert instance["DeletionProtection"] is True
    assert instance["BackupRetentionPeriod"] == 7
    assert instance["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:")
    (group,) = instance["DBParameterGroups"]
    assert group["DBParameterGroupName"] == "teei-prod-us-east-1-ai-budget-pg18"


def test_the_service_reads_back_as_a_function_behind_its_alias(account):
    functions = account.client("lambda")
    found = functions.get_function(FunctionName=f"{SERVICE}:live")
    configuration = found["Configuration"]
    assert (configuration["Architectures"], configuration["Version"]) == (["arm64"], "1")
    assert functions.get_function(FunctionName=SERVICE)["Concurrency"] == {
        "ReservedConcurrentExecutions": 200
    }
    assert len(configuration["VpcConfig"]["SubnetIds"]) == 3
    assert configuration["CodeSize"] > 20_000
    variables = configuration["Environment"]["Variables"]
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert variables["AI_BUDGET_DATABASE_HOST"] == instance["Endpoint"]["Address"]
    assert variables["AI_BUDGET_DATABASE_SECRET_ARN"].startswith("arn:aws:secretsmanager:us-east-1:")
    tokens = account.client("secretsmanager").describe_secret(
        SecretId=variables["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"]
    )
    assert tokens["Name"] == f"{SERVICE}/admin-tokens"


def test_the_queue_reads_back_with_its_dead_letters_and_its_consumer(account):
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{SERVICE}-tracks")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert queue["VisibilityTimeout"] == "360"
    assert queue["SqsManagedSseEnabled"] == "true"
    redrive = json.loads(queue["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":{SERVICE}-dead-letters")
    (consumer,) = account.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert consumer["EventSourceArn"] == queue["QueueArn"]
    assert consumer["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_load_balancer_reads_back_internal_and_open_to_the_pods_on_3010_only(account):
    elb = account.client("elbv2")
    (balancer,) = elb.describe_load_balancers(Names=[SERVICE])["LoadBalancers"]
    assert balancer["Scheme"] == "internal"
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert (listener["Port"], listener["Protocol"]) == (3010, "HTTP")
    (target,) = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"]
    assert target["TargetType"] == "lambda"
    assert listener["DefaultActions"][0]["TargetGroupArn"] == target["TargetGroupArn"]
    ec2 = account.client("ec2")
    (group,) = ec2.describe_security_groups(GroupIds=balancer["SecurityGroups"])["SecurityGroups"]
    (way,) = group["IpPermissions"]
    assert (way["FromPort"], way["ToPort"], way["IpRanges"]) == (3010, 3010, [])
    assert [pair["GroupId"] for pair in way["UserIdGroupPairs"]] == ["sg-0a1b2c3d4e5f60011"]


def test_the_schedules_read_back_with_their_tasks(account):
    events = account.client("events")
    inputs = {}
    for name in ("outbox", "tidy"):
        (target,) = events.list_targets_by_rule(Rule=f"{SERVICE}-{name}")["Targets"]
        assert target["Arn"].endswith(":live")
        inputs[name] = json.loads(target["Input"])
    assert events.describe_rule(Name=f"{SERVICE}-outbox")["ScheduleExpression"] == "rate(1 minute)"
    assert inputs == {"outbox": {"task": "outbox"}, "tidy": {"task": "tidy"}}


def test_changed_code_migrates_before_the_alias_moves(project):
    """What the plan holds, and which waits for which."""
    source = project.directory / "functions" / "ai_budget" / "service.py"
    before = source.read_text()
    source.write_text(f"{before}# changed\n")
    planned = project.stack("staging").planned()
    source.write_text(before)
    assert planned == {
        "budget-service-api-function": "update",
        "budget-service-migrator-function": "update",
        "budget-service-migrate-pre": "replace",
        "budget-service-live": "update",
        "budget-service-migrate-post": "replace",
    }
    state = project.stack("staging").state()
    for later, earlier in (
        ("budget-service-migrate-pre", "budget-service-migrator-function"),
        ("budget-service-migrate-pre", "budget-database-instance"),
        ("budget-service-live", "budget-service-migrate-pre"),
        ("budget-service-migrate-post", "budget-service-live"),
        ("budget-service-consumer", "budget-service-live"),
        ("budget-service-tasks-outbox-target", "budget-service-live"),
        ("budget-service-entrance-attachment", "budget-service-live"),
    ):
        assert state[earlier]["urn"] in state[later]["dependencies"], (later, earlier)


def test_a_deployment_to_aws_without_a_build_changes_nothing_and_says_so_in_one_line(tmp_path):
    """The program sees no stand-in for AWS, as on a deployment to the real one."""
    project = ProjectCopy.copied_to(tmp_path / "project")
    program = project.directory / "__main__.py"
    program.write_text(f"import os\n\ndel os.environ['PULUMI_DEBUG_PROVIDERS']\n{program.read_text()}")
    previewed = project.stack("staging").pulumi("preview")
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    assert "`up` needs `make build` first" in previewed.stdout + previewed.stderr
    refused = project.stack("staging").up()
    printed = (refused.stdout + refused.stderr).splitlines()
    assert refused.returncode != 0
    assert any("build/lambda/ai_budget.zip: not built; run `make build` first" in line for line in printed)
    assert not any("Traceback" in line for line in printed)
    assert [each["type"] for each in project.stack("staging").resources()] in ([], ["pulumi:pulumi:Stack"])


def test_changed_settings_show_exactly_their_resources(project):
    """A lifecycle is updated, a renamed bucket replaced with its parts, a Job that cannot change run anew."""
    changes = {
        "storage.backups.expire_days": 800,
        "storage.exports.name": "teei-staging-renamed",
        "clickhouse.retention_days": 60,
    }
    before = {path: project.set("staging", path, value) for path, value in changes.items()}
    planned = project.stack("staging").planned()
    for path, value in before.items():
        project.set("staging", path, value)
    parts = ("public-access", "encryption", "versioning", "lifecycle", "policy", "access-logs")
    replaced = {"storage-exports-bucket", *(f"storage-exports-{part}" for part in parts)}
    jobs = {"telemetry-clickhouse-scripts", "telemetry-clickhouse-retention"}
    assert {name: planned.pop(name) for name in replaced | jobs} == dict.fromkeys(replaced | jobs, "replace")
    assert planned == {"storage-backups-lifecycle": "update", "telemetry-clickhouse-recompression": "update"}


def test_prod_is_destroyed_only_after_it_is_unprotected_and_then_leaves_nothing(project):
    refused = project.stack("prod").pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    for name in ("budget-database-instance", "storage-backups-bucket"):
        assert name in refused.stdout + refused.stderr
    assert project.stack("prod").pulumi("state", "unprotect", "--all", "--yes").returncode == 0
    done = project.stack("prod").pulumi("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.stack("prod").resources() == []
