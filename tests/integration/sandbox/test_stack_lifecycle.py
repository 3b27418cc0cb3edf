"""A stack's life in the sandbox: planned, made, changed, replaced, half made, protected, destroyed."""

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
    queue = aws.sqs.Queue("usage", message_retention_seconds=config.get_int("retention") or 86400)
    pulumi.export("topic", topic.arn)
    pulumi.export("queue", queue.url)
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    return SmallProgram.at(tmp_path_factory.mktemp("deployed"), PROGRAM).deployed()


def test_a_second_preview_after_up_shows_no_change(deployed):
    assert deployed.planned() == {}


def test_a_changed_setting_shows_exactly_its_resource(deployed):
    deployed.configure(retention=172800)
    assert deployed.planned() == {"usage": "update"}
    deployed.configure()


def test_a_renamed_bucket_shows_a_replacement(deployed):
    deployed.configure(bucket="small-renamed")
    steps = [step for step in deployed.preview_document()["steps"] if step["urn"].endswith("::exports")]
    assert {"replace"} <= {step["op"] for step in steps}
    assert any(step.get("replaceReasons") == ["bucket"] for step in steps)
    deployed.configure()


def test_what_was_made_is_read_back_with_boto3_in_another_process(deployed):
    with deployed.boto3_session() as session:
        s3 = session.client("s3")
        versioning = s3.get_bucket_versioning(Bucket="small-exports")
        queues = session.client("sqs").list_queues()["QueueUrls"]
    assert versioning["Status"] == "Enabled"
    assert queues == [deployed.outputs()["queue"]]


def test_a_person_reads_it_back_from_the_command_line(deployed):
    asked = deployed.sandbox("aws", "--stack", "dev", "sns", "list-topics")
    assert deployed.outputs()["topic"] in asked.stdout


def test_outputs_are_unknown_until_they_are_made(tmp_path):
    program = SmallProgram.at(tmp_path / "new", PROGRAM)
    done = program.pulumi("preview")
    assert "topic: [unknown]" in done.stdout


def test_an_update_in_a_later_process_changes_what_an_earlier_one_made(tmp_path):
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


def test_a_create_that_fails_half_way_leaves_a_state_from_which_the_next_up_goes_on(tmp_path):
    program = SmallProgram.at(tmp_path / "half", PROGRAM)
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


def test_destroy_leaves_nothing(tmp_path):
    program = SmallProgram.at(tmp_path / "gone", PROGRAM).deployed()
    assert program.state()
    assert list((program.directory / "build" / "sandbox" / "aws").rglob("*.jsonl"))
    assert program.destroy().returncode == 0
    assert program.state() == {}
    assert not list((program.directory / "build" / "sandbox" / "aws").rglob("*.jsonl"))
    with program.boto3_session() as session:
        assert session.client("s3").list_buckets()["Buckets"] == []


def test_destroy_refuses_what_is_protected_names_it_and_goes_on_once_it_is_unprotected(tmp_path):
    program = SmallProgram.at(
        tmp_path / "kept",
        """
        import pulumi
        import pulumi_aws as aws

        aws.s3.Bucket("backups", bucket="small-backups", opts=pulumi.ResourceOptions(protect=True))
        aws.s3.Bucket("exports", bucket="small-exports")
        """,
    ).deployed()
    refused = program.sandbox("destroy", "--stack", "dev")
    assert refused.returncode == 1
    assert "backups is protected" in refused.stderr
    assert {"backups", "exports"} <= program.state().keys()
    assert program.pulumi("state", "unprotect", "--all", "--yes").returncode == 0
    assert program.sandbox("destroy", "--stack", "dev").returncode == 0
    assert program.state() == {}


def test_two_runs_side_by_side_do_not_disturb_each_other(tmp_path):
    one, other = (SmallProgram.at(tmp_path / name, PROGRAM) for name in ("one", "other"))
    second = SmallProgram(one.directory, stack="second")
    running = [
        program.start("--", "up", "--yes", "--skip-preview", "--non-interactive", "-s", program.stack)
        for program in (one, other, second)
    ]
    for process in running:
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stdout + stderr
    for program in (one, other, second):
        assert program.planned() == {}
