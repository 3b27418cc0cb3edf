"""The report file of the pack, through the analyzer protocol."""

import json
from dataclasses import replace

import pytest
from pulumi.runtime.proto import analyzer_pb2

from policies import pack as pack_module
from teei_finops import policy_report
from teei_finops.policy_report import ExemptionInForce, ReportedViolation, UndeterminedProperty
from tests.policies.compliant_aws import log_group
from tests.policies.compliant_kubernetes import deployment
from tests.policies.pack_client import ROOT, UNKNOWN, FakeResource, Pack, with_property
from tests.policies.test_every_policy import exemption

ENDLESS_LOGS = with_property(log_group(), "retentionInDays", 0)
UNKNOWN_LOGS = with_property(log_group(), "retentionInDays", UNKNOWN)


def reporting_pack(tmp_path, **options) -> Pack:
    pack = Pack(**options)
    pack.context.report_file = tmp_path / "report.json"
    return pack


def report(tmp_path) -> policy_report.PolicyReport:
    file = tmp_path / "report.json"
    return policy_report.read(file.read_text("utf-8"), file.name)


def test_without_a_path_no_report_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Pack().evaluate(ENDLESS_LOGS)
    assert list(tmp_path.iterdir()) == []


def test_the_report_names_the_pack_and_all_of_its_policies(tmp_path):
    pack = reporting_pack(tmp_path)
    pack.evaluate()
    written = report(tmp_path)
    assert (written.pack, written.pack_version) == ("teei-finops", pack_module.version())
    assert [rule.id for rule in written.rules] == [policy.name for policy in pack.policies]
    rule = next(rule for rule in written.rules if rule.id == "database-is-current-generation")
    assert (rule.level, rule.severity) == ("advisory", "low")
    assert rule.page == "docs/policies.md#database-is-current-generation"
    assert rule.description.startswith("RDS databases")
    assert rule.fix.startswith("Choose a class")
    assert (written.violations, written.undetermined, written.exemptions) == ([], [], [])


def test_in_another_project_a_policy_has_its_first_source_as_page(tmp_path):
    pack = reporting_pack(tmp_path, root=tmp_path)
    pack.evaluate(ENDLESS_LOGS)
    written = report(tmp_path)
    pages = {rule.id: rule.page for rule in written.rules}
    assert pages["gp2-volume"] == "https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"
    assert pages["exemptions-are-valid"] == ""
    assert written.violations[0].page == pages[written.violations[0].policy]


def test_a_violation_has_the_fields_that_its_message_is_made_from(tmp_path):
    (diagnostic,) = reporting_pack(tmp_path).evaluate(ENDLESS_LOGS)
    assert report(tmp_path).violations == [
        ReportedViolation(
            policy="log-group-has-retention",
            level="mandatory",
            severity="high",
            urn=ENDLESS_LOGS.urn,
            name="logs",
            type="aws:cloudwatch/logGroup:LogGroup",
            property="retentionInDays",
            value=0,
            what="keeps log events forever",
            fix="set retention_in_days",
            page="docs/policies.md#log-group-has-retention",
            message=diagnostic.message,
        )
    ]


def test_the_level_of_a_violation_is_the_configured_one(tmp_path):
    for level, name in ((analyzer_pb2.ADVISORY, "advisory"), (analyzer_pb2.REMEDIATE, "mandatory")):
        pack = reporting_pack(tmp_path).configure(log_group_has_retention={"enforcementLevel": level})
        assert [diagnostic.level for diagnostic in pack.evaluate(ENDLESS_LOGS)] == [name]
        assert [violation.level for violation in report(tmp_path).violations] == [name]


def test_a_violation_of_a_stack_policy_has_its_resource(tmp_path):
    batch = deployment("teei-batch")
    reporting_pack(tmp_path).evaluate(batch)
    (violation,) = report(tmp_path).violations
    assert (violation.policy, violation.urn, violation.name) == (
        "workload-is-scaled",
        batch.urn,
        "teei-batch",
    )
    assert violation.value == {"replicas": None}


def test_an_invalid_exemption_is_a_violation_of_no_resource(tmp_path):
    reporting_pack(tmp_path, exempt="exemptions: {a: b}").evaluate()
    (violation,) = report(tmp_path).violations
    assert (violation.policy, violation.urn, violation.type) == ("exemptions-are-valid", "", "")
    assert (violation.name, violation.value) == ("exemptions.yaml", {"exemptions": {"a": "b"}})


def test_an_undetermined_property_is_no_violation(tmp_path):
    reporting_pack(tmp_path).evaluate(UNKNOWN_LOGS)
    written = report(tmp_path)
    assert written.violations == []
    assert written.undetermined == [
        UndeterminedProperty(
            policy="log-group-has-retention",
            urn=UNKNOWN_LOGS.urn,
            name="logs",
            type="aws:cloudwatch/logGroup:LogGroup",
            property="retentionInDays",
            reason="is unknown until deploy",
        )
    ]


@pytest.mark.parametrize(("resource", "urns"), [(ENDLESS_LOGS, (ENDLESS_LOGS.urn,)), (log_group(), ())])
def test_exemptions_in_force_have_the_days_left_and_the_resources_that_need_them(tmp_path, resource, urns):
    reporting_pack(tmp_path, exempt=exemption("log-group-has-retention", "lo*")).evaluate(resource)
    written = report(tmp_path)
    assert written.violations == []
    assert written.exemptions == [
        ExemptionInForce(
            policy="log-group-has-retention", resource="lo*", owner="o", reason="r",
            expires="2026-12-01", days_left=7, urns=urns,
        )
    ]  # fmt: skip


def test_the_report_is_up_to_date_after_each_resource(tmp_path):
    pack = reporting_pack(tmp_path)
    pack.analyze(ROOT)
    assert report(tmp_path).violations == []
    pack.analyze(ENDLESS_LOGS)
    assert len(report(tmp_path).violations) == 1
    other = FakeResource(ENDLESS_LOGS.type, "other", ENDLESS_LOGS.inputs)
    pack.analyze(other)
    assert [violation.name for violation in report(tmp_path).violations] == ["logs", "other"]


def test_a_resource_that_is_analyzed_again_replaces_its_findings(tmp_path):
    pack = reporting_pack(tmp_path)
    for resource, violations, undetermined in (
        (ENDLESS_LOGS, 1, 0),
        (UNKNOWN_LOGS, 0, 1),
        (log_group(), 0, 0),
    ):
        pack.analyze(resource)
        written = report(tmp_path)
        assert (len(written.violations), len(written.undetermined)) == (violations, undetermined)


def test_nothing_is_written_where_nothing_changed(tmp_path):
    pack = reporting_pack(tmp_path)
    pack.analyze(ENDLESS_LOGS)
    (tmp_path / "report.json").unlink()
    pack.analyze(ENDLESS_LOGS)
    pack.analyze(replace(log_group(), name="fine"))
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_replaced_as_a_whole(tmp_path, monkeypatch):
    pack = reporting_pack(tmp_path)
    pack.analyze(ENDLESS_LOGS)
    before = (tmp_path / "report.json").read_text()

    def full_disk(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(policy_report.json, "dump", full_disk)
    with pytest.raises(OSError):
        pack.analyze(UNKNOWN_LOGS)
    assert (tmp_path / "report.json").read_text() == before
    assert json.loads(before)["violations"]
