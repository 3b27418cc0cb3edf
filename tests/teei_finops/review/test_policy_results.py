import json
from dataclasses import replace
from decimal import localcontext

from teei_finops.costing.costs import EXACT
from teei_finops.costing.preview.reader import read_plan
from teei_finops.policy_report import (
    ExemptionInForce,
    PolicyReport,
    Remedy,
    ReportedRule,
    ReportedViolation,
    UndeterminedProperty,
)
from teei_finops.review.policy_results import policy_results
from teei_finops.review.report_schema import PolicyResults
from tests.teei_finops.costing.preview_builder import QUEUE, VOLUME, create, preview, urn
from tests.teei_finops.review.reports_of_previews import GB100, OPTIONS, exactly

JOBS = urn(QUEUE, "jobs")
SOURCE = {"file": "components/jobs.py", "line": 7}
MESSAGE = "Queues must expire messages.\njobs: keeps messages forever\n  value: 14\n  fix: expire them"
VIOLATION = ReportedViolation(
    policy="queue-retention", level="mandatory", severity="high", urn=JOBS, name="jobs", type=QUEUE,
    property="messageRetentionSeconds", value=14, what="keeps messages forever", fix="expire them",
    page="docs/rules.md#queue-retention", message=MESSAGE,
)  # fmt: skip
EXEMPTION = ExemptionInForce(
    policy="queue-retention", resource="jo*", owner="cto", reason="moves in May", expires="2026-12-06",
    days_left=12,
)  # fmt: skip
EXEMPTION_ROW = {
    "policy": "queue-retention", "resource": "jo*", "owner": "cto", "reason": "moves in May",
    "expires": "2026-12-06", "days_left": 12, "stack": "", "urn": "",
}  # fmt: skip


def event(policy: str, pack: str) -> dict:
    return {
        "policyEvent": {
            "resourceUrn": JOBS, "policyName": policy, "policyPackName": pack,
            "enforcementLevel": "mandatory", "severity": "high", "message": f"{MESSAGE}\n",
        }
    }  # fmt: skip


def results_of(reports: dict[str, PolicyReport], *events: dict, stacks=("dev",), bases=None) -> PolicyResults:
    log = "".join(json.dumps(item) + "\n" for item in (*events, {"summaryEvent": {"result": "failed"}}))
    text = preview(create(QUEUE, "jobs", {}, sourcePosition="project:///components/jobs.py#7"))
    plans = [
        read_plan(text.replace("pulumi:dev", f"pulumi:{name}"), name=name, events=log) for name in stacks
    ]
    with localcontext(EXACT):
        return policy_results(plans, reports, OPTIONS, bases)


def test_a_violation_of_the_report_has_the_source_line_of_its_resource():
    report = PolicyReport("finops", "1", violations=[VIOLATION])
    assert results_of({"dev": report})["violations"] == [
        {
            "stack": "dev", "policy": "queue-retention", "enforcement": "mandatory", "severity": "high",
            "urn": JOBS, "name": "jobs", "type": QUEUE, "source": SOURCE, "message": MESSAGE,
            "page": "docs/rules.md#queue-retention",
        }
    ]  # fmt: skip


def test_a_violation_of_no_resource_has_the_name_of_the_stack():
    report = PolicyReport("finops", "1", violations=[replace(VIOLATION, urn="", name="exemption 1", type="")])
    (violation,) = results_of({"dev": report})["violations"]
    assert (violation["urn"], violation["name"], violation["type"], violation["source"]) == (
        "",
        "dev",
        "",
        None,
    )


def test_a_violation_has_what_its_fix_saves():
    disk = replace(VIOLATION, urn=urn(VOLUME, "disk"), type=VOLUME, remedy=Remedy(deletes=True))
    report = PolicyReport("finops", "1", violations=[VIOLATION, disk])
    plan = read_plan(preview(create(QUEUE, "jobs", {}), create(VOLUME, "disk", GB100)), name="dev")
    with localcontext(EXACT):
        violations = policy_results([plan], {"dev": report}, OPTIONS)["violations"]
    assert [violation.get("saves") for violation in violations] == [None, exactly("8")]


def test_with_a_base_a_violation_says_whether_the_base_has_it_too_whatever_its_value():
    other = replace(VIOLATION, property="delaySeconds")
    report = PolicyReport("finops", "1", violations=[VIOLATION, other])
    base = PolicyReport("finops", "1", violations=[replace(VIOLATION, value=7, message="7")])
    violations = results_of({"dev": report}, bases={"dev": base})["violations"]
    assert [violation["in_base"] for violation in violations] == [True, False]
    assert all("in_base" not in violation for violation in results_of({"dev": report})["violations"])


def test_an_undetermined_property_is_not_applicable_and_no_violation():
    undetermined = [
        UndeterminedProperty("queue-tags", JOBS, "jobs", QUEUE, "tags", "is unknown until deploy"),
        UndeterminedProperty("queue-tags", JOBS, "jobs", QUEUE, "delay", "is 'x', not a number"),
    ]
    results = results_of({"dev": PolicyReport("finops", "1", undetermined=undetermined)})
    assert results["violations"] == []
    row = {
        "stack": "dev",
        "policy": "queue-tags",
        "urn": JOBS,
        "name": "jobs",
        "type": QUEUE,
        "source": SOURCE,
    }
    assert results["not_applicable"] == [
        row | {"message": "tags is unknown until deploy"},
        row | {"message": "delay is 'x', not a number"},
    ]


def test_an_exemption_is_listed_for_each_resource_that_needs_it_and_once_if_none_does():
    used, unused = replace(EXEMPTION, urns=(JOBS, "urn:other")), replace(EXEMPTION, resource="mail")
    report = PolicyReport("finops", "1", exemptions=[used, unused])
    assert results_of({"dev": report})["exemptions"] == [
        EXEMPTION_ROW | {"stack": "dev", "urn": JOBS},
        EXEMPTION_ROW | {"stack": "dev", "urn": "urn:other"},
        EXEMPTION_ROW | {"resource": "mail"},
    ]


def test_an_exemption_that_only_one_stack_needs_is_listed_for_that_stack_alone():
    used = PolicyReport("finops", "1", exemptions=[replace(EXEMPTION, urns=(JOBS,))])
    unused = PolicyReport("finops", "1", exemptions=[EXEMPTION])
    for reports in ({"dev": used, "prod": unused}, {"prod": unused, "dev": used}):
        results = results_of(reports, stacks=tuple(reports))
        assert results["exemptions"] == [EXEMPTION_ROW | {"stack": "dev", "urn": JOBS}]


def test_the_rules_of_a_pack_are_listed_once_for_all_stacks():
    rule = ReportedRule("queue-retention", "Queues must expire.", "Expire.", "mandatory", "high", "page")
    report = PolicyReport("finops", "1", rules=[rule])
    assert results_of({"dev": report, "prod": report}, stacks=("dev", "prod"))["rules"] == [
        {
            "id": "queue-retention", "description": "Queues must expire.", "fix": "Expire.",
            "level": "mandatory", "severity": "high", "page": "page",
        }
    ]  # fmt: skip


def test_without_a_report_each_event_is_a_violation():
    (violation,) = results_of({}, event("no-queues", "foreign"))["violations"]
    assert violation == {
        "stack": "dev", "policy": "no-queues", "enforcement": "mandatory", "severity": "high", "urn": JOBS,
        "name": "jobs", "type": QUEUE, "source": SOURCE, "message": MESSAGE,
        "page": "",
    }  # fmt: skip


def test_events_of_a_pack_with_a_report_are_not_counted_twice():
    report = PolicyReport("finops", "1", violations=[VIOLATION])
    events = (event("queue-retention", "finops"), event("queue-retention", "foreign"))
    violations = results_of({"dev": report}, *events)["violations"]
    assert [violation["page"] for violation in violations] == [
        "docs/rules.md#queue-retention",
        "",
    ]


def test_what_the_engine_logs_as_not_applicable_is_listed():
    entry = {"policyName": "queue-tags", "reason": "tags is unknown"}
    analyzed = {"policyAnalyzeSummaryEvent": {"resourceUrn": JOBS, "notApplicable": [entry]}}
    (item,) = results_of({}, analyzed)["not_applicable"]
    assert (item["policy"], item["urn"], item["message"]) == ("queue-tags", JOBS, "tags is unknown")
