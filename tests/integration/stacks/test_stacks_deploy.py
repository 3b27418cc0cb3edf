"""The stacks that docs/deploy.md has deployed in the sandbox: read back, changed, replaced, destroyed."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from retention.stack import read_stack
from retention.stores import rds, s3
from retention.stores.aws import Aws
from tests.components.stack_config import KUBERNETES
from tests.integration.deploy.deployment import deployed
from tests.integration.stack_project import ProjectCopy

SERVICE = "teei-prod-us-east-1-ai-budget"
pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    deployment = deployed(tmp_path_factory)
    return ProjectCopy.of_deployment(deployment.project, tmp_path_factory.mktemp("copy") / "project")


@pytest.fixture(scope="module")
def account(project):
    """A boto3 session on the fake AWS account of the stack prod."""
    with project.stack("prod").boto3_session() as session:
        yield session


def test_a_budget_reads_back_with_its_limit_filter_and_notifications(account):
    budgets = account.client("budgets")
    by_name = {
        budget["BudgetName"]: budget
        for budget in budgets.describe_budgets(AccountId="123456789012")["Budgets"]
    }
    assert len(by_name) == 11
    assert Decimal(by_name["cloud-total"]["BudgetLimit"]["Amount"]) == 100_000
    assert Decimal(by_name["ai-tokens"]["BudgetLimit"]["Amount"]) == 10_000
    assert by_name["cloud-rds"]["CostFilters"] == {"Service": ["Amazon Relational Database Service"]}
    for name in by_name:
        response = budgets.describe_notifications_for_budget(AccountId="123456789012", BudgetName=name)
        kinds = {
            (notification["NotificationType"], notification["Threshold"])
            for notification in response["Notifications"]
        }
        assert kinds == {("ACTUAL", percent) for percent in (70, 80, 100, 101)} | {("FORECASTED", 100)}


def test_the_buckets_read_back_private_encrypted_versioned_and_with_their_lifecycles(account):
    s3 = account.client("s3")
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    roles = ("exports", "backups", "logs", "access-logs", "billing-export", "reports")
    assert names == {f"teei-prod-us-east-1-{role}" for role in roles}
    for name in names:
        assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=name)["Policy"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket="teei-prod-us-east-1-backups")["Rules"]
    assert [(move["Days"], move["StorageClass"]) for move in rules[0]["Transitions"]] == [
        (30, "GLACIER_IR"),
        (120, "DEEP_ARCHIVE"),
    ]
    assert rules[0]["Expiration"]["Days"] == 730


def test_the_retention_of_a_deployed_stack_is_as_declared(project, account):
    stack = read_stack(project.directory, "prod")
    aws = Aws(stack.settings.account_id, stack.settings.region, account)
    buckets = s3.verify(aws, stack.buckets, datetime.now(UTC))
    assert buckets.checks == 60
    assert [difference.line for difference in buckets.differences] == []
    database = rds.verify(aws, stack.settings.database, datetime.now(UTC))
    assert [difference.line for difference in database.differences] == []


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
    configuration = functions.get_function(FunctionName=f"{SERVICE}:live")["Configuration"]
    assert (configuration["Architectures"], configuration["Version"]) == (["arm64"], "1")
    assert functions.get_function(FunctionName=SERVICE)["Concurrency"] == {
        "ReservedConcurrentExecutions": 200
    }
    assert len(configuration["VpcConfig"]["SubnetIds"]) == 3
    assert configuration["CodeSize"] > 20_000
    variables = configuration["Environment"]["Variables"]
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert variables["AI_BUDGET_DATABASE_HOST"] == instance["Endpoint"]["Address"]
    secrets = account.client("secretsmanager")
    tokens = secrets.describe_secret(SecretId=variables["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"])
    assert tokens["Name"] == f"{SERVICE}/admin-tokens"
    for caller in ("reporting", "q2q-ai", "prometheus"):
        secret = secrets.describe_secret(SecretId=f"{variables['AI_BUDGET_CALLER_SECRET_PREFIX']}{caller}")
        assert not secret.get("VersionIdsToStages")  # the migration function puts the token in
    migrator = functions.get_function(FunctionName=f"{SERVICE}-migrator")["Configuration"]
    master = migrator["Environment"]["Variables"]["AI_BUDGET_DATABASE_SECRET_ARN"]
    assert master.startswith("arn:aws:secretsmanager:us-east-1:")


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


def test_the_load_balancer_reads_back_as_internal_and_open_to_the_pods_on_its_two_ports_only(account):
    elb = account.client("elbv2")
    (load_balancer,) = elb.describe_load_balancers(Names=[SERVICE])["LoadBalancers"]
    assert load_balancer["Scheme"] == "internal"
    listeners = elb.describe_listeners(LoadBalancerArn=load_balancer["LoadBalancerArn"])["Listeners"]
    assert {(listener["Port"], listener["Protocol"]) for listener in listeners} == {
        (3010, "HTTP"),
        (443, "HTTPS"),
    }
    (target,) = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"]
    assert target["TargetType"] == "lambda"
    arns = {listener["DefaultActions"][0]["TargetGroupArn"] for listener in listeners}
    assert arns == {target["TargetGroupArn"]}
    ec2 = account.client("ec2")
    (group,) = ec2.describe_security_groups(GroupIds=load_balancer["SecurityGroups"])["SecurityGroups"]
    assert {(rule["FromPort"], rule["ToPort"]) for rule in group["IpPermissions"]} == {
        (3010, 3010),
        (443, 443),
    }
    for rule in group["IpPermissions"]:
        assert rule["IpRanges"] == []
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == ["sg-0a1b2c3d4e5f60011"]


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
    """The planned operations, and the dependencies between the resources."""
    source = project.directory / "functions" / "ai_budget" / "service.py"
    before = source.read_text()
    source.write_text(f"{before}# changed\n")
    planned = project.stack("staging").planned()
    source.write_text(before)
    assert planned == {
        "ai-budget-service-api-function": "update",
        "ai-budget-service-migrator-function": "update",
        "ai-budget-service-migrate-pre": "replace",
        "ai-budget-service-live": "update",
        "ai-budget-service-migrate-post": "replace",
    }
    state = project.stack("staging").state()
    for later, earlier in (
        ("ai-budget-service-migrate-pre", "ai-budget-service-migrator-function"),
        ("ai-budget-service-migrate-pre", "ai-budget-database-instance"),
        ("ai-budget-service-live", "ai-budget-service-migrate-pre"),
        ("ai-budget-service-migrate-post", "ai-budget-service-live"),
        ("ai-budget-service-consumer", "ai-budget-service-live"),
        ("ai-budget-service-tasks-outbox-target", "ai-budget-service-live"),
        ("ai-budget-service-load-balancer-attachment", "ai-budget-service-live"),
    ):
        assert state[earlier]["urn"] in state[later]["dependencies"], (later, earlier)


def test_the_runtime_kubernetes_adds_pods_and_moves_the_service_and_changes_nothing_else(project):
    with project.changed("staging", KUBERNETES):
        planned = project.stack("staging").planned()
        result = project.stack("staging").up()
        state = project.stack("staging").state()
    assert planned.pop("ai-budget-service-host") == "update"
    assert {name.rpartition("ai-budget-service-pods")[0] for name in planned} == {""}
    assert set(planned.values()) == {"create"}
    assert result.returncode == 0, result.stdout + result.stderr
    host = state["ai-budget-service-host"]
    assert host["outputs"]["spec"]["selector"] == {"app": "ai-budget"}
    assert state["ai-budget-service-pods-deployment"]["urn"] in host["dependencies"]
    back = project.stack("staging").up()
    assert back.returncode == 0, back.stdout + back.stderr
    assert not [
        name for name in project.stack("staging").state() if name.startswith("ai-budget-service-pods")
    ]


def test_staging_can_be_destroyed_and_deployed_again(project):
    """No secret keeps its name, and nothing is protected."""
    stack = project.stack("staging")
    secrets = [item for item in stack.resources() if item["type"].endswith("secret:Secret")]
    assert secrets
    assert {item["inputs"]["recoveryWindowInDays"] for item in secrets} == {0}
    for result in (stack.destroy(), stack.up()):
        assert result.returncode == 0, result.stdout + result.stderr


def test_a_deployment_to_aws_without_a_build_stops_with_one_line_and_changes_nothing(tmp_path):
    """The program sees no fake provider, as on a deployment to the real AWS."""
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
    resources = project.stack("staging").resources()
    assert [resource["type"] for resource in resources] in ([], ["pulumi:pulumi:Stack"])


def test_changed_settings_show_exactly_their_resources(project):
    """A lifecycle is updated, a renamed bucket is replaced with its parts, an immutable Job is replaced."""
    changes = {
        "storage.backups.expiration_days": 800,
        "storage.exports.name": "teei-staging-renamed",
        "clickhouse.retention_days": 60,
    }
    with project.changed("staging", changes):
        planned = project.stack("staging").planned()
    parts = ("public-access", "encryption", "versioning", "lifecycle", "policy", "access-logs")
    replaced = {"storage-exports-bucket", *(f"storage-exports-{part}" for part in parts)}
    jobs = {"telemetry-clickhouse-scripts", "telemetry-clickhouse-retention"}
    assert {name: planned.pop(name) for name in replaced | jobs} == dict.fromkeys(replaced | jobs, "replace")
    assert planned == {"storage-backups-lifecycle": "update", "telemetry-clickhouse-recompression": "update"}


def test_prod_can_be_destroyed_only_after_its_resources_are_unprotected(project):
    refused = project.stack("prod").pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    for name in ("ai-budget-database-instance", "storage-backups-bucket"):
        assert name in refused.stdout + refused.stderr
    assert project.stack("prod").pulumi("state", "unprotect", "--all", "--yes").returncode == 0
    result = project.stack("prod").pulumi("destroy", "--yes", "--skip-preview")
    assert result.returncode == 0, result.stdout + result.stderr
    assert project.stack("prod").resources() == []
