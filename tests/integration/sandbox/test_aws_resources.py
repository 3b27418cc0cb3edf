"""AWS resources in the sandbox: configuration of the provider, rejected inputs, functions, replacements."""

import json

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine


def test_resources_have_the_default_tags_and_the_region_of_their_provider(tmp_path):
    program = SmallProgram.at(
        tmp_path / "tags",
        """
        import pulumi
        import pulumi_aws as aws
        frankfurt = aws.Provider(
            "frankfurt", region="eu-central-1", default_tags={"tags": {"team": "finops", "service": "none"}}
        )
        there = pulumi.ResourceOptions(provider=frankfurt)
        own = aws.sqs.Queue("own", tags={"service": "usage"}, opts=there)
        virginia = aws.sqs.Queue("virginia", region="us-east-1", opts=there)
        plain = aws.sqs.Queue("plain")
        for name, queue in {"own": own, "virginia": virginia, "plain": plain}.items():
            pulumi.export(name, {"tags": queue.tags_all, "region": queue.region, "arn": queue.arn})
        """,
    )
    steps = {step["urn"].rsplit("::", 1)[-1]: step for step in program.preview_document()["steps"]}
    assert steps["own"]["newState"]["inputs"]["tags"] == {"team": "finops", "service": "usage"}
    outputs = program.deployed().outputs()
    assert outputs["own"]["tags"] == {"team": "finops", "service": "usage"}
    assert outputs["own"]["arn"].startswith("arn:aws:sqs:eu-central-1:123456789012:own-")
    assert outputs["virginia"]["region"] == "us-east-1"
    assert outputs["virginia"]["arn"].startswith("arn:aws:sqs:us-east-1:")
    assert outputs["plain"]["tags"] in ({}, None)
    with program.boto3_session() as session:
        sqs = session.client("sqs", region_name="eu-central-1")
        tags = sqs.list_queue_tags(QueueUrl=sqs.list_queues()["QueueUrls"][0])["Tags"]
    assert tags == {"team": "finops", "service": "usage"}


def test_the_default_provider_has_the_region_and_tags_of_the_stack_file(tmp_path):
    program = SmallProgram.at(
        tmp_path / "configured",
        """
        import pulumi
        import pulumi_aws as aws
        queue = aws.sqs.Queue("usage")
        pulumi.export("arn", queue.arn)
        pulumi.export("tags", queue.tags_all)
        """,
    )
    (program.directory / "Pulumi.dev.yaml").write_text(
        "config:\n  aws:region: eu-central-1\n  aws:defaultTags: {tags: {team: finops}}\n"
    )
    outputs = program.deployed().outputs()
    assert outputs["arn"].startswith("arn:aws:sqs:eu-central-1:")
    assert outputs["tags"] == {"team": "finops"}
    (program.directory / "Pulumi.dev.yaml").write_text(
        "config:\n  aws:region: us-east-1\n  aws:defaultTags: {tags: {team: finops}}\n"
    )
    assert program.planned()["usage"] in ("replace", "create-replacement", "delete-replaced")


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"budgetType": "COST"}, '"timeUnit" is required'),
        ({"budgetType": "COST", "timeUnit": "MONTHLY", "limit": "1"}, '"limit" is not expected here'),
        (
            {"budgetType": "COST", "timeUnit": "MONTHLY", "notifications": [{"threshold": 80}]},
            '"notifications[0].notificationType" is required',
        ),
        ({"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": ["1"]}, "takes a string, not a list"),
    ],
)
def test_a_preview_rejects_a_missing_or_unknown_input_and_names_the_resource(tmp_path, properties, message):
    program = SmallProgram.at(
        tmp_path / "wrong",
        f"import pulumi\npulumi.CustomResource('aws:budgets/budget:Budget', 'cloud-total', {properties!r})\n",
    )
    preview = program.pulumi("preview")
    assert preview.returncode != 0
    assert "cloud-total" in preview.stdout
    assert message in preview.stdout


def test_a_value_that_aws_does_not_allow_is_rejected_on_creation(tmp_path):
    program = SmallProgram.at(
        tmp_path / "enum",
        """
        import pulumi_aws as aws
        aws.budgets.Budget("cloud-total", budget_type="MONEY", time_unit="MONTHLY", limit_amount="100")
        """,
    )
    assert program.planned()["cloud-total"] == "create"
    up = program.up()
    assert up.returncode != 0
    assert "'MONEY' is not one of USAGE, COST" in up.stdout


def test_a_database_is_replaced_for_a_new_engine_and_updated_for_a_new_size(tmp_path):
    program = SmallProgram.at(
        tmp_path / "database",
        """
        import pulumi
        import pulumi_aws as aws
        config = pulumi.Config()
        aws.rds.Instance(
            "ledger",
            identifier=config.get("identifier") or "ledger",
            engine=config.get("engine") or "postgres",
            instance_class=config.get("size") or "db.t4g.medium",
            allocated_storage=20,
            username="app",
            manage_master_user_password=True,
            skip_final_snapshot=True,
        )
        """,
    ).deployed()
    program.configure(size="db.m7g.large")
    assert program.planned() == {"ledger": "update"}
    for setting in ({"engine": "mysql"}, {"identifier": "renamed"}):
        program.configure(**setting)
        assert program.planned()["ledger"] in ("replace", "delete-replaced", "create-replacement"), setting
    program.configure(size="db.m7g.large")
    program.deployed()
    response = program.sandbox("aws", "--stack", "dev", "rds", "describe-db-instances")
    instance = json.loads(response.stdout)["DBInstances"][0]
    assert instance["DBInstanceClass"] == "db.m7g.large"
