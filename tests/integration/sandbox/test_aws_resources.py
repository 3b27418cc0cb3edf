"""AWS resources in the sandbox: inputs refused as the provider and AWS refuse them, defaults honoured."""

import json

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine


def test_default_tags_and_the_region_of_each_resource_are_honoured(tmp_path):
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


def test_the_default_provider_takes_region_and_tags_from_the_stacks_config(tmp_path):
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
    ("properties", "said"),
    [
        ({"budgetType": "COST"}, '"timeUnit" is required'),
        ({"budgetType": "COST", "timeUnit": "MONTHLY", "limit": "1"}, 'there is no "limit" here'),
        (
            {"budgetType": "COST", "timeUnit": "MONTHLY", "notifications": [{"threshold": 80}]},
            '"notifications[0].notificationType" is required',
        ),
        ({"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": ["1"]}, "takes a text, not a list"),
    ],
)
def test_a_missing_or_unknown_input_is_refused_in_preview_with_the_resources_name(tmp_path, properties, said):
    program = SmallProgram.at(
        tmp_path / "wrong",
        f"import pulumi\npulumi.CustomResource('aws:budgets/budget:Budget', 'cloud-total', {properties!r})\n",
    )
    refused = program.pulumi("preview")
    assert refused.returncode != 0
    assert "cloud-total" in refused.stdout
    assert said in refused.stdout


def test_a_value_that_aws_does_not_allow_is_refused_when_it_is_made(tmp_path):
    program = SmallProgram.at(
        tmp_path / "enum",
        """
        import pulumi_aws as aws
        aws.budgets.Budget("cloud-total", budget_type="MONEY", time_unit="MONTHLY", limit_amount="100")
        """,
    )
    assert program.planned()["cloud-total"] == "create"
    refused = program.up()
    assert refused.returncode != 0
    assert "'MONEY' is none of USAGE, COST" in refused.stdout


def test_a_function_that_has_no_answer_is_named(tmp_path):
    program = SmallProgram.at(
        tmp_path / "asks",
        """
        import pulumi
        import pulumi_aws as aws
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("zones", aws.get_availability_zones().names)
        statement = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/&{aws:username}"]}
        pulumi.export("policy", aws.iam.get_policy_document(statements=[statement]).json)
        if pulumi.Config().get_bool("more"):
            aws.outposts.get_sites()
        """,
    )
    outputs = program.deployed().outputs()
    assert outputs["account"] == "123456789012"
    assert outputs["zones"][0] == "us-east-1a"
    assert json.loads(outputs["policy"])["Statement"][0]["Resource"] == "arn:aws:s3:::b/${aws:username}"
    program.configure(more=True)
    refused = program.pulumi("preview")
    assert refused.returncode != 0
    assert "aws:outposts/getSites:getSites" in refused.stdout


def test_a_lookup_by_id_gives_what_the_platform_has(tmp_path):
    program = SmallProgram.at(
        tmp_path / "lookup",
        """
        import pulumi
        import pulumi_aws as aws
        vpc = aws.ec2.Vpc.get("platform", "vpc-0a1b2c3d")
        group = aws.ec2.SecurityGroup("database", vpc_id=vpc.id)
        pulumi.export("vpc", vpc.arn)
        """,
    )
    outputs = program.deployed().outputs()
    assert outputs["vpc"] == "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0a1b2c3d"
    assert program.planned() == {"platform": "read"}


def test_a_database_is_replaced_for_its_engine_and_changed_for_its_size(tmp_path):
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
    asked = program.sandbox("aws", "--stack", "dev", "rds", "describe-db-instances")
    instance = json.loads(asked.stdout)["DBInstances"][0]
    assert instance["DBInstanceClass"] == "db.m7g.large"
