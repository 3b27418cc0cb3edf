"""The three stacks on the real engine in the sandbox: made, read back, changed, replaced, destroyed."""

from decimal import Decimal

import pytest

from components import tags
from sandbox.environment import Place
from sandbox.providers import account_of
from sandbox.stacks import Project as SandboxProject
from tests.components.stack_config import STACKS
from tests.components.taggable import can_be_tagged
from tests.integration.stack_project import Project

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project with all three stacks deployed."""
    made = Project.copied_to(tmp_path_factory.mktemp("project"))
    for stack in STACKS:
        done = made.up(stack)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture(scope="module")
def account(project):
    """A boto3 that sees what the stack prod made."""
    directory = project.directory
    place = Place.under(directory)
    with account_of(place, SandboxProject.at(directory), "prod").boto3() as boto3:
        yield boto3


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_preview_shows_no_change(project, stack):
    assert project.planned(stack) == {}


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_carries_all_six_tags_as_made(project, stack):
    made = [
        each
        for each in project.state(stack)
        if each["type"].startswith("aws:") and can_be_tagged(each["type"])
    ]
    assert len(made) >= 10
    for each in made:
        assert tags.problems(each["outputs"]["tagsAll"]) == (), each["urn"]


def test_a_budget_reads_back_with_its_limit_filter_and_notifications(account):
    budgets = account.client("budgets", region_name="us-east-1")
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
    s3 = account.client("s3", region_name="us-east-1")
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
    rds = account.client("rds", region_name="us-east-1")
    (instance,) = rds.describe_db_instances()["DBInstances"]
    assert instance["MultiAZ"] is True
    assert instance["StorageEncrypted"] is True
    assert instance["DeletionProtection"] is True
    assert instance["BackupRetentionPeriod"] == 7
    assert instance["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:")
    (group,) = instance["DBParameterGroups"]
    assert group["DBParameterGroupName"] == "teei-prod-us-east-1-ai-budget-pg18"


def test_changed_settings_show_exactly_their_resources(project):
    """A lifecycle is updated, a renamed bucket replaced with its parts, a Job that cannot change run anew."""
    changes = {
        "storage.backups.expire_days": 800,
        "storage.exports.name": "teei-staging-renamed",
        "clickhouse.retention_days": 60,
    }
    before = {path: project.set("staging", path, value) for path, value in changes.items()}
    planned = project.planned("staging")
    for path, value in before.items():
        project.set("staging", path, value)
    parts = ("public-access", "encryption", "versioning", "lifecycle", "policy", "access-logs")
    replaced = {"storage-exports-bucket", *(f"storage-exports-{part}" for part in parts)}
    jobs = {"telemetry-clickhouse-scripts", "telemetry-clickhouse-retention"}
    assert {name: planned.pop(name) for name in replaced | jobs} == dict.fromkeys(replaced | jobs, "replace")
    assert planned == {"storage-backups-lifecycle": "update", "telemetry-clickhouse-recompression": "update"}


def test_prod_is_destroyed_only_after_it_is_unprotected_and_then_leaves_nothing(project):
    refused = project.pulumi("prod", "destroy", "--yes", "--skip-preview", "--non-interactive")
    assert refused.returncode != 0
    for name in ("budget-database-instance", "storage-backups-bucket"):
        assert name in refused.stdout + refused.stderr
    assert project.pulumi("prod", "state", "unprotect", "--all", "--yes").returncode == 0
    done = project.pulumi("prod", "destroy", "--yes", "--skip-preview", "--non-interactive")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.state("prod") == []
