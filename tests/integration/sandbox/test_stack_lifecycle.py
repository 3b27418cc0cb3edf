"""The lifecycle of a stack in the sandbox: preview, up, updates, replacements, failures, destroy."""

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine

PROGRAM = """
    import pulumi
    import pulumi_aws as aws

    config = pulumi.Config()
    bucket = aws.s3.Bucket("exports", bucket=config.get("bucket") or "small-exports")
    aws.s3.BucketVersioning(
        "versions", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}
    )
    topic = aws.sns.Topic("alerts", display_name=config.get("display") or "Alerts")
    queue = aws.sqs.Queue(
        "usage",
        message_retention_seconds=config.get_int("retention") or 86400,
        opts=pulumi.ResourceOptions(depends_on=[bucket, topic]),  # exist where the queue cannot be created
    )
    pulumi.export("topic", topic.arn)
    pulumi.export("queue", queue.url)
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    return SmallProgram.at(tmp_path_factory.mktemp("deployed"), PROGRAM).deployed()


def test_a_preview_after_up_shows_no_change(deployed):
    assert deployed.planned() == {}


def test_a_changed_setting_updates_only_its_resource(deployed):
    deployed.configure(retention=172800)
    assert deployed.planned() == {"usage": "update"}
    deployed.configure()


def test_a_renamed_bucket_is_replaced(deployed):
    deployed.configure(bucket="small-renamed")
    steps = [step for step in deployed.preview_document()["steps"] if step["urn"].endswith("::exports")]
    assert {"replace"} <= {step["op"] for step in steps}
    assert any(step.get("replaceReasons") == ["bucket"] for step in steps)
    deployed.configure()


def test_resources_are_read_back_with_boto3_in_another_process(deployed):
    with deployed.boto3_session() as session:
        s3 = session.client("s3")
        versioning = s3.get_bucket_versioning(Bucket="small-exports")
        queues = session.client("sqs").list_queues()["QueueUrls"]
    assert versioning["Status"] == "Enabled"
    assert queues == [deployed.outputs()["queue"]]


def test_the_aws_command_reads_the_account(deployed):
    response = deployed.sandbox("aws", "--stack", "dev", "sns", "list-topics")
    assert deployed.outputs()["topic"] in response.stdout


def test_the_aws_command_reports_an_unknown_name_in_one_line_and_exits_with_2(deployed):
    for arguments in (("snss", "list-topics"), ("sns", "list-topic"), ("sns", "list-topics", "--arn", "a")):
        response = deployed.sandbox("aws", "--stack", "dev", *arguments)
        assert response.returncode == 2, arguments
        assert "unknown" in response.stderr, arguments
        assert len(response.stderr.splitlines()) == 1, arguments


def test_outputs_are_unknown_in_the_first_preview(tmp_path):
    program = SmallProgram.at(tmp_path / "new", PROGRAM)
    preview = program.pulumi("preview")
    assert "topic: [unknown]" in preview.stdout


def test_a_later_process_updates_the_resources_of_an_earlier_one(tmp_path):
    program = SmallProgram.at(tmp_path / "later", PROGRAM).deployed()
    before = program.outputs()
    program.configure(retention=172800, display="Cost alerts")
    program.deployed()
    assert program.outputs() == before
    with program.boto3_session() as session:
        sqs = session.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=before["queue"], AttributeNames=["All"])["Attributes"]
        sns = session.client("sns")
        topic = sns.get_topic_attributes(TopicArn=before["topic"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "172800"
    assert topic["DisplayName"] == "Cost alerts"


def test_an_up_after_a_failed_creation_creates_the_rest(tmp_path):
    program = SmallProgram.at(tmp_path / "failed", PROGRAM)
    program.configure(retention=5)
    failed = program.up()
    assert failed.returncode != 0
    assert "creating usage" in failed.stdout
    assert "MessageRetentionPeriod" in failed.stdout
    assert "usage" not in program.state()
    assert {"exports", "alerts"} <= program.state().keys()
    bucket = program.state()["exports"]["created"]
    program.configure(retention=600)
    program.deployed()
    assert program.planned() == {}
    assert program.state()["exports"]["created"] == bucket


def test_destroy_leaves_no_resource_and_no_journal(tmp_path):
    program = SmallProgram.at(tmp_path / "destroyed", PROGRAM).deployed()
    assert program.state()
    assert list((program.directory / "build" / "sandbox" / "aws").rglob("*.jsonl"))
    assert program.destroy().returncode == 0
    assert program.state() == {}
    assert not list((program.directory / "build" / "sandbox" / "aws").rglob("*.jsonl"))
    with program.boto3_session() as session:
        assert session.client("s3").list_buckets()["Buckets"] == []


def test_protected_resources_block_destroy_until_they_are_unprotected(tmp_path):
    program = SmallProgram.at(
        tmp_path / "kept",
        """
        import pulumi
        import pulumi_aws as aws

        aws.s3.Bucket("backups", bucket="small-backups", opts=pulumi.ResourceOptions(protect=True))
        aws.s3.Bucket("exports", bucket="small-exports")
        """,
    ).deployed()
    destroy = program.sandbox("destroy", "--stack", "dev")
    assert destroy.returncode == 1
    assert "backups is protected" in destroy.stderr
    assert {"backups", "exports"} <= program.state().keys()
    assert program.pulumi("state", "unprotect", "--all", "--yes").returncode == 0
    assert program.sandbox("destroy", "--stack", "dev").returncode == 0
    assert program.state() == {}


def test_runs_of_several_stacks_at_the_same_time_do_not_interfere(tmp_path):
    programs = [SmallProgram.at(tmp_path / name, PROGRAM) for name in ("one", "another")]
    programs.append(SmallProgram(programs[0].directory, stack="second"))
    running = [
        program.start("--", "up", "--yes", "--skip-preview", "--non-interactive", "-s", program.stack)
        for program in programs
    ]
    for process in running:
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stdout + stderr
    for program in programs:
        assert program.planned() == {}


def test_a_stack_reference_has_the_outputs_of_another_stack_of_the_sandbox(tmp_path):
    text = """
        import pulumi

        other = pulumi.Config().get("other")
        if other:
            network = pulumi.StackReference(f"acme/{pulumi.get_project()}/{other}")
            pulumi.export("seen", network.require_output("subnets").apply(lambda subnets: subnets[1]))
        else:
            pulumi.export("subnets", ["subnet-0a", "subnet-0b"])
    """
    dev = SmallProgram.at(tmp_path / "referring", text)
    SmallProgram(dev.directory, stack="network").deployed()
    dev.configure(other="network")
    assert dev.deployed().outputs() == {"seen": "subnet-0b"}
