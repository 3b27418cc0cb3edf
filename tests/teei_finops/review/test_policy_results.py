import json

from policies.messages import IN_FORCE, breach, in_force, not_decided
from teei_finops.costing.preview.reader import read_plan
from teei_finops.review.policy_results import plan_row, policy_part
from tests.teei_finops.costing.preview_builder import QUEUE, UNKNOWN, create, preview, step, urn

JOBS = urn(QUEUE, "jobs")


def report(policy: str, message: str, level: str = "advisory", **more) -> dict:
    event = {"resourceUrn": JOBS, "policyName": policy, "policyPackName": "finops", "enforcementLevel": level}
    return {"policyEvent": event | {"message": f"What the policy is for.\n{message}\n"} | more}


def part(*reports: dict, exemptions=()):
    end = {"summaryEvent": {"result": "failed"}}
    events = "".join(json.dumps(each) + "\n" for each in (*reports, end))
    text = preview(create(QUEUE, "jobs", {}, sourcePosition="project:///components/jobs.py#7"))
    return policy_part([read_plan(text, name="dev", events=events)], exemptions)


def test_a_violation_has_the_line_of_the_program_and_the_policy_s_page():
    message = breach("jobs", "keeps messages for ever", 14, "set messageRetentionSeconds")
    (found,) = part(report("queue-retention", message, "mandatory", severity="high"))["violations"]
    assert found["source"] == {"file": "components/jobs.py", "line": 7}
    assert (found["stack"], found["name"], found["type"]) == ("dev", "jobs", QUEUE)
    assert (found["enforcement"], found["severity"]) == ("mandatory", "high")
    assert found["page"] == "docs/policies.md#queue-retention"
    assert "fix: set messageRetentionSeconds" in found["message"]


IN_FILE = {
    "policy": "queue-retention", "resource": "jo*", "owner": "cto", "reason": "moves in May",
    "expires": "2026-12-06", "days_left": 12, "stack": "", "urn": "",
}  # fmt: skip


def test_an_exemption_in_use_names_its_resource_and_is_listed_once():
    wanted = {key: IN_FILE[key] for key in ("policy", "resource", "owner", "reason", "expires", "days_left")}
    made = part(
        report(IN_FORCE, in_force("jobs", **wanted)), exemptions=[IN_FILE, IN_FILE | {"resource": "x"}]
    )
    assert made["violations"] == []
    assert made["exemptions"] == [
        IN_FILE | {"stack": "dev", "urn": JOBS},
        IN_FILE | {"resource": "x"},
    ]


def test_a_rule_that_an_unknown_value_leaves_open_is_not_a_violation():
    text = "can't run policy 'p' from policy pack 'f@v1' during preview: " + not_decided(
        [("jobs", JOBS, "tags", "is unknown"), ("jobs", JOBS, "name", "is unknown")]
    )
    made = part(report("required-tags", text))
    assert made["violations"] == []
    assert [(each["urn"], each["policy"], each["message"]) for each in made["not_applicable"]] == [
        (JOBS, "required-tags", "tags is unknown"),
        (JOBS, "required-tags", "name is unknown"),
    ]


def test_the_plan_lists_what_changes_and_counts_what_does_not():
    text = preview(
        create(QUEUE, "jobs", {"name": UNKNOWN}),
        step("same", QUEUE, "old", old={}, new={}),
        step("update", QUEUE, "mail", old={"delaySeconds": 1}, new={"delaySeconds": 2})
        | {"detailedDiff": {"delaySeconds": {"kind": "update"}}},
    )
    row = plan_row(read_plan(text, name="p"))
    assert row["operations"] == {"create": 1, "same": 1, "update": 1}
    assert [(each["name"], each["unknown"]) for each in row["changes"]] == [("jobs", ["name"]), ("mail", [])]
    assert row["changes"][1]["properties"] == [
        {"path": "delaySeconds", "kind": "update", "replaces": False, "before": 1, "after": 2}
    ]
