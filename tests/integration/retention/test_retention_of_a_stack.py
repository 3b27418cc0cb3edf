"""`apply` deploys the retention of a stack and nothing else, and `verify` then finds it in force.

The policies of the whole stack, which `apply` checks first, are left out here: other tests deploy the stacks
with the policies, and tests/retention/test_deployment.py shows that a violation prevents the update.
"""

import io
import json
from contextlib import redirect_stdout

import pytest

from retention.__main__ import main
from retention.deployment import Backend
from tests.integration.stack_project import ProjectCopy

pytestmark = pytest.mark.engine
# Everything that the targets may create, by its type.
TYPES = {
    "pulumi:pulumi:Stack",
    "pulumi:providers:aws",
    "pulumi:providers:kubernetes",
    "finops:ai_budget:AiBudgetDatabase",
    "aws:rds/parameterGroup:ParameterGroup",
    "finops:storage_retention:StorageRetention",
    "finops:storage_retention:Bucket",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "finops:telemetry_retention:TelemetryRetention",
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:batch/v1:Job",
    "kubernetes:batch/v1:CronJob",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return ProjectCopy.copied_to(tmp_path_factory.mktemp("project"))


def run(project, command, *arguments, stack="staging"):
    """The exit code and the JSON of a command on a stack in the sandbox."""
    place = ["-C", str(project.directory), "--stack", stack, "--backend", "sandbox", "--json"]
    output = io.StringIO()
    with redirect_stdout(output):
        code = main([command, *place, *arguments])
    return code, json.loads(output.getvalue())


@pytest.fixture(scope="module")
def applied(project):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backend, "check_policies", lambda _backend, _stack: None)
        code, document = run(project, "apply")
    assert code == 0
    return document


def type_of(urn):
    return urn.split("::")[2].rsplit("$", 1)[-1]


def test_apply_creates_the_retention_and_nothing_else(applied):
    assert applied["applied"]
    created = [change["urn"] for change in applied["changes"]]
    assert {type_of(urn) for urn in created} == TYPES
    assert sum("bucketLifecycleConfiguration" in urn for urn in created) == 4
    assert {change["operation"] for change in applied["changes"]} == {"create"}


@pytest.mark.usefixtures("applied")
def test_verify_finds_the_buckets_as_declared_and_the_missing_database(project):
    code, document = run(project, "verify")
    assert code == 1
    assert document["errors"] == {}
    assert document["checks"]["s3"] == 40
    assert [(item["store"], item["text"]) for item in document["differences"]] == [
        ("rds", "the instance does not exist")
    ]


@pytest.mark.usefixtures("applied")
def test_verify_finds_a_setting_that_is_not_deployed_yet(project):
    with project.changed("staging", {"storage.exports.expiration_days": 120}):
        _, document = run(project, "verify")
    [difference, _] = document["differences"]
    assert difference["setting"] == "storage.exports.expiration_days"
    assert (difference["declared"], difference["actual"]) == (120, 90)


def test_plan_shows_the_buckets_of_a_stack_with_cost_data_and_reports(project):
    code, document = run(project, "plan", stack="prod")
    assert code == 0
    lifecycles = {
        change["urn"].rpartition("::")[2]
        for change in document["changes"]
        if type_of(change["urn"]).startswith("aws:s3/bucketLifecycleConfiguration")
    }
    assert {"cost-data-billing-storage-lifecycle", "reporting-storage-lifecycle"} <= lifecycles
