import json
from decimal import Decimal

from teei_finops.review.render import html, junit, markdown, sarif, table, view
from teei_finops.review.render.services import service_name
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, amount, sample_report


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


def violations_with(*changes):
    first = sample_report()["policy"]["violations"][0]
    violations = [first | {"policy": f"rule-{index}"} | change for index, change in enumerate(changes)]
    policy = NO_POLICY_RESULTS | {"violations": violations}
    return sample_report(policy=policy, budgets=[], resources=[], base="main")


def test_violations_of_one_enforcement_level_are_sorted_by_what_their_fixes_save():
    report = violations_with(
        {"severity": "high"},
        {"saves": amount("9")},
        {"saves": amount("10", "11", "30")},
        {"enforcement": "mandatory"},
    )
    assert [item["policy"] for item in view.sorted_violations(report)] == [
        "rule-3", "rule-2", "rule-1", "rule-0",
    ]  # fmt: skip


def test_every_format_shows_what_a_fix_saves():
    report = violations_with({"saves": amount("10", "11", "30")})
    assert "| $11.00 ($10.00 to $30.00) |" in markdown.render(report)
    assert "$11.00 ($10.00 to $30.00)" in html.render(report)
    assert "advisory policy rule-0 (saves $11.00 ($10.00 to $30.00) a month): ledger" in table.render(report)
    assert "the fix saves $11.00 ($10.00 to $30.00) a month" in sarif.render(report)
    assert "the fix saves" in junit.render(report)


def test_a_policy_links_to_its_page_in_the_repository_or_to_a_url_or_to_nothing():
    report = violations_with({}, {"page": "https://aws.example/page"}, {"page": "", "policy": "foreign"})
    text, page = markdown.render(report), html.render(report)
    assert "[`rule-0`](../blob/HEAD/docs/policies.md#prefer-gp3)" in text
    assert "[`rule-1`](https://aws.example/page)" in text
    assert "| `foreign` " in text
    assert 'href="../../docs/policies.md#prefer-gp3"' in page
    assert 'href="https://aws.example/page"' in page
    assert "See the message of each result." in sarif.render(report)


def test_with_a_base_every_format_separates_violations_that_the_base_has_from_new_ones():
    report = violations_with({"in_base": True, "enforcement": "mandatory"}, {"in_base": False})
    assert [(heading, len(group)) for heading, group in view.violations_by_origin(report)] == [
        ("New with this change", 1),
        ("Also in main", 1),
    ]
    for text in (markdown.render(report), html.render(report), table.render(report)):
        findings = text[text.index("New with") :]
        positions = [findings.index(part) for part in ("rule-1", "Also in main", "rule-0")]
        assert sorted(positions) == positions
    results = json.loads(sarif.render(report))["runs"][0]["results"]
    assert [result.get("baselineState") for result in results[:2]] == ["new", "unchanged"]


def test_without_a_base_violations_have_no_heading():
    assert [heading for heading, _ in view.violations_by_origin(sample_report())] == [""]


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
