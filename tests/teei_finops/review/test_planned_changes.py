from teei_finops.costing.preview.reader import read_plan
from teei_finops.review.planned_changes import stack_plan
from tests.teei_finops.costing.preview_builder import QUEUE, UNKNOWN, create, preview, step


def test_a_plan_lists_changed_resources_and_counts_unchanged_ones():
    text = preview(
        create(QUEUE, "jobs", {"name": UNKNOWN}),
        step("same", QUEUE, "old", old={}, new={}),
        step("update", QUEUE, "mail", old={"delaySeconds": 1}, new={"delaySeconds": 2})
        | {"detailedDiff": {"delaySeconds": {"kind": "update"}}},
    )
    row = stack_plan(read_plan(text, name="p"))
    assert row["operations"] == {"create": 1, "same": 1, "update": 1}
    assert [(change["name"], change["unknown"]) for change in row["changes"]] == [
        ("jobs", ["name"]),
        ("mail", []),
    ]
    assert row["changes"][1]["properties"] == [
        {"path": "delaySeconds", "kind": "update", "replaces": False, "before": 1, "after": 2}
    ]
