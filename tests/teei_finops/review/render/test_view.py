from decimal import Decimal

from teei_finops.review.render import view
from teei_finops.review.render.services import service_name
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, sample_report


def test_violations_are_sorted_by_enforcement_then_by_severity():
    violation = sample_report()["policy"]["violations"][0]
    levels = [("advisory", "critical"), ("mandatory", "low"), ("advisory", ""), ("mandatory", "high")]
    violations = [violation | {"enforcement": level, "severity": severity} for level, severity in levels]
    report = sample_report(policy=NO_POLICY_RESULTS | {"violations": violations})
    assert [(item["enforcement"], item["severity"]) for item in view.sorted_violations(report)] == [
        ("mandatory", "high"),
        ("mandatory", "low"),
        ("advisory", "critical"),
        ("advisory", ""),
    ]


def test_changes_are_sorted_by_amount_and_grouped_by_component():
    changes = view.resource_changes(sample_report())
    assert [change.name for change in changes[:3]] == ["ledger", "scratch", "tracks"]
    components = view.by_component(changes)
    assert [(component.component, len(component.resources)) for component in components] == [
        ("budget-database", 2),
        ("", 3),
    ]
    assert components[0].change == {"low": "301.75", "expected": "302.15", "high": "305.75"}


def test_a_component_and_an_unchanged_resource_are_no_changes():
    report = sample_report()
    component = report["plan"][0]["changes"][0] | {"urn": "urn:pulumi:prod::p::finops:x:Y::y", "name": "y"}
    report["plan"][0]["changes"].append(component)
    names = {change.name for change in view.resource_changes(report)}
    assert names == {"ledger", "tracks", "scratch", "odd|<b>name</b>", "api"}


def test_totals_leave_out_unpriced_resources_and_those_that_cost_nothing():
    totals = view.totals_by(sample_report(), lambda row: service_name(row["type"]))
    assert [(total.name, total.before, total.after) for total in totals] == [
        ("RDS", Decimal("100.5"), Decimal("402.25")),
        ("EBS", Decimal(8), Decimal(0)),
        ("SNS", Decimal(1), Decimal(1)),
        ("SQS", Decimal(0), Decimal("0.4")),
    ]
