"""The pack as the engine starts it, over the wire, and in a run of the real engine."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies import messages
from policies.rules.exemption_policies import IN_FORCE
from teei_finops import policy_report
from tests.policies.compliant_aws import TAGS, database, log_group
from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import (
    PROD,
    Diagnostic,
    FakeResource,
    analyze_request,
    diagnostics,
    stack_request,
    with_property,
)

ROOT = Path(__file__).parents[3]
PACKAGES = ("policies", "teei_finops", "components")
ENDLESS_LOGS = with_property(log_group(), "retentionInDays", 0)
PROGRAM = """
import pulumi
import pulumi_aws as aws

tags = {tags}
queue = aws.sqs.Queue("queue", tags=tags)
aws.cloudwatch.LogGroup("audit", retention_in_days=0, tags=tags)
aws.s3.Bucket("bare", tags=tags)
aws.rds.Instance("ledger", instance_class="db.t4g.micro", storage_type="gp3", storage_encrypted=True,
    deletion_protection=True, backup_retention_period=7, tags=tags)
exports = aws.s3.Bucket("exports", tags=tags)
aws.s3.BucketLifecycleConfiguration("exports-lifecycle", bucket=exports.id, rules=[{{
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


def exemption(policy: str, resource: str, days: int) -> str:
    expires = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    fields = {"policy": policy, "resource": resource, "owner": "o", "reason": "r", "expires": expires}
    return json.dumps({"exemptions": [fields]})


class PackProcess:
    """The process of the pack, started as the engine starts it."""

    def __init__(self, pack: Path, config: dict[str, str] | None = PROD, report: Path | None = None) -> None:
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PULUMI"))
        }
        environment["PWD"] = str(pack)
        if config is not None:
            environment["PULUMI_CONFIG"] = json.dumps(config)
        if report is not None:
            environment[policy_report.VARIABLE] = str(report)
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."],
            cwd=pack, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self.process.stdout.readline().strip()}")
        self.analyzer = analyzer_pb2_grpc.AnalyzerStub(self._channel)

    def __enter__(self) -> "PackProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self.process.kill()
        self.process.communicate()

    def analyze(self, resource: FakeResource) -> list[Diagnostic]:
        return diagnostics(self.analyzer.Analyze(analyze_request(resource)), resource.urn)

    def evaluate(self, *resources: FakeResource) -> list[Diagnostic]:
        single = [diagnostic for resource in resources for diagnostic in self.analyze(resource)]
        return single + diagnostics(self.analyzer.AnalyzeStack(stack_request(resources)))


def read_report(file: Path) -> policy_report.PolicyReport:
    return policy_report.read(file.read_text("utf-8"), file.name)


def test_the_pack_starts_in_its_folder_without_a_python_path_and_evaluates_over_the_wire(tmp_path):
    with PackProcess(pack_in(tmp_path)) as pack:
        info = pack.analyzer.GetAnalyzerInfo(empty_pb2.Empty())
        assert info.name == "teei-finops"
        assert info.supportsConfig
        assert pack.evaluate(*compliant_stack().values()) == []
        in_one_zone = with_property(database(), "multiAz", False)
        policies = [diagnostic.policy for diagnostic in pack.evaluate(in_one_zone)]
        assert policies == ["database-is-multi-az-in-prod"]
    assert {file.name for file in tmp_path.iterdir()} == set(PACKAGES), "no variable, so no report"


def test_the_config_of_the_stack_may_come_from_configure_stack_alone(tmp_path):
    with PackProcess(pack_in(tmp_path), config=None) as pack:
        assert "stack-has-a-budget" in {diagnostic.policy for diagnostic in pack.evaluate(log_group())}
        pack.analyzer.ConfigureStack(
            analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod", project="teei-finops", config=PROD)
        )
        assert pack.evaluate(log_group()) == []


def test_exemptions_are_read_next_to_the_pack_and_expire_today(tmp_path):
    with PackProcess(pack_in(tmp_path / "a", exemption("log-group-has-retention", "logs", 5))) as pack:
        (diagnostic,) = pack.evaluate(ENDLESS_LOGS)
        assert diagnostic.policy == IN_FORCE
        assert "logs: exempt from log-group-has-retention, 5 days left" in diagnostic.message
    with PackProcess(pack_in(tmp_path / "b", exemption("log-group-has-retention", "logs", -1))) as pack:
        policies = {diagnostic.policy for diagnostic in pack.evaluate(ENDLESS_LOGS)}
        assert policies == {"log-group-has-retention", "exemptions-are-valid"}


def test_a_pack_that_is_killed_leaves_the_whole_report_of_what_it_found_before(tmp_path):
    report = tmp_path / "report.json"
    with PackProcess(pack_in(tmp_path / "pack"), report=report) as pack:
        assert len(read_report(report).rules) == len(
            pack.analyzer.GetAnalyzerInfo(empty_pb2.Empty()).policies
        )
        for number in range(20):
            pack.analyze(replace(ENDLESS_LOGS, name=f"logs-{number}"))
        pending = pack.analyzer.Analyze.future(analyze_request(replace(ENDLESS_LOGS, name="logs-20")))
        pack.process.kill()
        pending.exception()
    assert len(read_report(report).violations) in (20, 21)


def test_a_report_file_that_cannot_be_written_ends_the_pack_with_one_line(tmp_path):
    file = tmp_path / "missing" / "report.json"
    with PackProcess(pack_in(tmp_path / "pack"), report=file) as pack:
        _, error = pack.process.communicate(timeout=60)
    assert pack.process.returncode != 0
    assert error.splitlines()[-1] == (
        f"policies: {file}: No such file or directory; set {policy_report.VARIABLE} to a writable path"
    )


def test_a_wrong_finops_file_ends_the_pack_with_one_line(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "finops.yaml").write_text("version: 1\npolicies: {gp2-volumes: disabled}\n")
    with PackProcess(pack_in(tmp_path)) as pack:
        _, error = pack.process.communicate(timeout=60)
    assert pack.process.returncode != 0
    assert error.splitlines()[-1] == (
        f"policies: {tmp_path}/finops.yaml: policies: gp2-volumes: unknown policy; did you mean 'gp2-volume'?"
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    """A program with compliant, violating, exempt and undetermined resources, and a link to the pack."""
    directory = tmp_path_factory.mktemp("engine")
    pack = pack_in(directory / "pack")
    program = directory / "program"
    program.mkdir()
    (program / "exemptions.yaml").write_text(exemption("log-group-has-retention", "audit", 12))
    (program / "__main__.py").write_text(PROGRAM.format(tags=TAGS))
    (program / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (program / "Pulumi.dev.yaml").write_text(CONFIG)
    (program / "policies").symlink_to(pack)
    return program


def sandbox(program: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    options = ["-C", str(program), "--state", str(program / "build")]
    return subprocess.run(
        [sys.executable, "-m", "teei_finops", "sandbox", *options, *arguments],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def preview(program):
    """One preview of the engine: its exit code, its policy events, and the report of the pack."""
    events, report = program / "events.jsonl", program / "report.json"
    run = sandbox(
        program, "--", "preview", "-s", "dev", "--json", "--non-interactive",
        "--policy-pack", str(program / "policies"), "--event-log", str(events),
        **{policy_report.VARIABLE: str(report)},
    )  # fmt: skip
    assert events.exists(), run.stderr
    logged = [json.loads(line) for line in events.read_text().splitlines()]
    policy_events = [event["policyEvent"] for event in logged if "policyEvent" in event]
    return run.returncode, policy_events, read_report(report)


@pytest.mark.engine
def test_the_engine_stops_at_a_mandatory_violation_and_reports_exactly_the_violations(preview):
    exit_code, events, _ = preview
    assert exit_code != 0
    mandatory = {(event["policyName"], event["resourceUrn"].rpartition("::")[2])
                 for event in events if event["enforcementLevel"] == "mandatory"}  # fmt: skip
    assert mandatory == {("bucket-has-a-lifecycle", "bare"), ("database-is-multi-az-in-prod", "ledger")}


@pytest.mark.engine
def test_the_engine_shows_an_exemption_in_use_with_its_resource_and_days_left(preview):
    (event,) = [event for event in preview[1] if event["policyName"] == IN_FORCE]
    assert event["resourceUrn"].endswith("::audit")
    assert event["enforcementLevel"] == "advisory"
    assert "audit: exempt from log-group-has-retention, 12 days left" in event["message"]


@pytest.mark.engine
def test_the_engine_shows_undetermined_properties_as_advisory(preview):
    undetermined = {
        event["policyName"]: event for event in preview[1] if messages.UNDETERMINED in event["message"]
    }
    assert {event["enforcementLevel"] for event in undetermined.values()} == {"advisory"}
    unknown = "rules[0].expiration.days is unknown until deploy"
    assert unknown in undetermined["bucket-has-a-lifecycle"]["message"]
    assert undetermined["lifecycle-keeps-minimum-days"]["resourceUrn"].endswith("::exports-lifecycle")


@pytest.mark.engine
def test_the_report_file_has_what_the_engine_shows(preview):
    _, events, report = preview
    shown = {
        (event["policyName"], event["enforcementLevel"], event["severity"], event["resourceUrn"],
         event["message"].strip())
        for event in events
        if event["policyName"] != IN_FORCE and messages.UNDETERMINED not in event["message"]
    }  # fmt: skip
    assert shown == {(item.policy, item.level, item.severity, item.urn, item.message)
                     for item in report.violations}  # fmt: skip
    assert {item.policy for item in report.undetermined} == {
        event["policyName"] for event in events if messages.UNDETERMINED in event["message"]
    }
    (exemption,) = report.exemptions
    assert (exemption.days_left, [urn.rpartition("::")[2] for urn in exemption.urns]) == (12, ["audit"])


@pytest.mark.engine
def test_the_review_reads_the_report_of_the_pack(program, preview):
    run = sandbox(program, "review")
    assert run.returncode == 1, run.stderr
    policy = json.loads((program / "build" / "review" / "review.json").read_text())["policy"]
    _, _, report = preview
    assert {(row["policy"], row["urn"], row["message"]) for row in policy["violations"]} == {
        (item.policy, item.urn, item.message) for item in report.violations
    }
    assert {(row["policy"], row["urn"], row["message"]) for row in policy["not_applicable"]} == {
        (item.policy, item.urn, f"{item.property} {item.reason}") for item in report.undetermined
    }
    (exemption,) = policy["exemptions"]
    assert (exemption["stack"], exemption["days_left"]) == ("dev", 12)
    assert [rule["id"] for rule in policy["rules"]] == [rule.id for rule in report.rules]
