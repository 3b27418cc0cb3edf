"""The pack as the engine starts it, over the wire, and in a run of the real engine."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies import messages
from tests.policies.compliant_aws import TAGS, database, log_group
from tests.policies.pack_client import PROD, analyze_request, stack_request

ROOT = Path(__file__).parents[3]
PACKAGES = ("policies", "teei_finops", "components")
PROGRAM = """
import pulumi
import pulumi_aws as aws

tags = {tags}
queue = aws.sqs.Queue("queue", tags=tags)
aws.cloudwatch.LogGroup("audit", retention_in_days=0, tags=tags)
aws.s3.Bucket("bare", tags=tags)
aws.rds.Instance("ledger", instance_class="db.t4g.micro", storage_type="gp3", storage_encrypted=True,
    deletion_protection=True, backup_retention_period=7, tags=tags)
kept = aws.s3.Bucket("kept", tags=tags)
aws.s3.BucketLifecycleConfiguration("kept-lifecycle", bucket=kept.id, rules=[{{
    "id": "all", "status": "Enabled", "expiration": {{"days": queue.arn.apply(len)}},
    "abort_incomplete_multipart_upload": {{"days_after_initiation": 7}},
}}])
aws.s3.Bucket.get("of-others", "their-bucket")
pulumi.ComponentResource("demo:index:Platform", "platform")
"""
CONFIG = """config:
  demo:environment: prod
  demo:budgets: {cloud-s3: {limit: 10}}
"""


def pack_in(directory: Path, exemptions: str | None = None) -> Path:
    """A copy of the pack with what it imports, so that its exemptions can be a test's own."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
    if exemptions is not None:
        (directory / "exemptions.yaml").write_text(exemptions)
    return directory / "policies"


def exempt(policy: str, resource: str, days: int) -> str:
    expires = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    fields = {"policy": policy, "resource": resource, "owner": "o", "reason": "r", "expires": expires}
    return json.dumps({"exemptions": [fields]})


class Process:
    """The pack's process, started with nothing but what the engine gives it."""

    def __init__(self, pack: Path, config: dict[str, str] | None) -> None:
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PULUMI"))
        }
        if config is not None:
            environment["PULUMI_CONFIG"] = json.dumps(config)
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."],
            cwd=pack, env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        port = self._process.stdout.readline().strip()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.analyzer = analyzer_pb2_grpc.AnalyzerStub(self._channel)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._process.terminate()
        self._process.communicate()

    def judge(self, *resources):
        found = [
            report
            for made in resources
            for report in reports(self.analyzer.Analyze(analyze_request(made)), made.urn)
        ]
        return found + reports(self.analyzer.AnalyzeStack(stack_request(resources)))


def test_the_pack_starts_in_its_directory_with_no_python_path_and_judges_over_the_wire(tmp_path):
    with Process(pack_in(tmp_path), PROD) as pack:
        info = pack.analyzer.GetAnalyzerInfo(empty_pb2.Empty())
        assert info.name == "teei-finops"
        assert info.supportsConfig
        assert pack.judge(*stack().values()) == []
        bad = changed(database(), "multiAz", False)
        assert [report.policy for report in pack.judge(bad)] == ["database-is-multi-az-in-prod"]


def test_the_stacks_config_may_come_by_configure_stack_alone(tmp_path):
    with Process(pack_in(tmp_path), None) as pack:
        assert "stack-has-a-budget" in {report.policy for report in pack.judge(log_group())}
        pack.analyzer.ConfigureStack(
            analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod", project="teei-finops", config=PROD)
        )
        assert pack.judge(log_group()) == []


def test_exemptions_are_read_beside_the_pack_and_judged_today(tmp_path):
    endless = changed(log_group(), "retentionInDays", 0)
    with Process(pack_in(tmp_path / "a", exempt("log-group-has-retention", "logs", 5)), PROD) as pack:
        (report,) = pack.judge(endless)
        assert report.policy == messages.IN_FORCE
        assert messages.fields(report.message)["days left"] == "5"
    with Process(pack_in(tmp_path / "b", exempt("log-group-has-retention", "logs", -1)), PROD) as pack:
        policies = {report.policy for report in pack.judge(endless)}
        assert policies == {"log-group-has-retention", "exemptions-are-valid"}


@pytest.fixture(scope="module")
def preview(tmp_path_factory):
    """One run of the engine on a program with things right, wrong, exempted and unknown."""
    directory = tmp_path_factory.mktemp("engine")
    pack = pack_in(directory / "pack", exempt("log-group-has-retention", "audit", 12))
    program = directory / "program"
    program.mkdir()
    (program / "__main__.py").write_text(PROGRAM.format(tags=TAGS))
    (program / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (program / "Pulumi.dev.yaml").write_text(CONFIG)
    events = directory / "events.jsonl"
    run = subprocess.run(
        [sys.executable, "-m", "teei_finops", "sandbox", "-C", str(program), "--", "preview", "-s", "dev",
         "--json", "--non-interactive", "--policy-pack", str(pack), "--event-log", str(events)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert events.exists(), run.stderr
    found = [json.loads(line) for line in events.read_text().splitlines()]
    return run, [event["policyEvent"] for event in found if "policyEvent" in event]


def of(preview, policy):
    return [event for event in preview[1] if event["policyName"] == policy]


@pytest.mark.engine
def test_the_engine_stops_at_a_mandatory_violation_and_reports_exactly_what_is_wrong(preview):
    run, events = preview
    assert run.returncode != 0
    mandatory = {(event["policyName"], event["resourceUrn"].rpartition("::")[2])
                 for event in events if event["enforcementLevel"] == "mandatory"}  # fmt: skip
    assert mandatory == {("bucket-has-a-lifecycle", "bare"), ("database-is-multi-az-in-prod", "ledger")}


@pytest.mark.engine
def test_the_engine_gives_the_use_of_an_exemption_its_resource_and_days_left(preview):
    (event,) = of(preview, messages.IN_FORCE)
    assert event["resourceUrn"].endswith("::audit")
    assert event["enforcementLevel"] == "advisory"
    fields = messages.fields(event["message"])
    assert (fields["policy"], fields["days left"]) == ("log-group-has-retention", "12")


@pytest.mark.engine
def test_the_engine_shows_what_is_unknown_as_advisory_with_the_property(preview):
    told = {event["policyName"]: event for event in preview[1] if messages.NOT_DECIDED in event["message"]}
    assert {event["enforcementLevel"] for event in told.values()} == {"advisory"}
    assert "rules[0].expiration.days is unknown" in told["bucket-has-a-lifecycle"]["message"]
    assert told["lifecycle-keeps-minimum-days"]["resourceUrn"].endswith("::kept-lifecycle")
