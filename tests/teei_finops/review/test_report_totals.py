"""The report as a whole: totals, failed previews, and the two formats of a preview."""

from pathlib import Path

from tests.teei_finops.costing.preview_builder import VOLUME, create, preview
from tests.teei_finops.review.reports_of_previews import GB100, GB200, exactly, report_of

SAMPLES = Path(__file__).parents[1] / "costing" / "samples"


def test_stacks_add_up_to_the_total():
    other = preview(create(VOLUME, "disk", GB200)).replace("urn:pulumi:dev::", "urn:pulumi:prod::")
    report = report_of(preview(create(VOLUME, "disk", GB100)), other)
    after = {stack["stack"]: stack["after"]["expected"] for stack in report["stacks"]}
    assert after == {"dev": "8", "prod": "16"}
    assert report["after"] == exactly("24")


def test_a_preview_that_ended_in_errors_is_incomplete_and_still_has_its_rows():
    errors = [{"severity": "error", "message": "error: boom\n"}]
    report = report_of(preview(create(VOLUME, "disk", GB100), diagnostics=errors))
    assert report["verdict"] == "incomplete"
    assert report["after"] == exactly("8")
    assert report["plan"][0]["errors"] == ["error: boom"]


def test_a_preview_without_unchanged_resources_has_totals_of_the_change_and_a_warning():
    report = report_of(preview(create(VOLUME, "disk", GB100), summary={"create": 1, "same": 3}))
    assert report["totals_of"] == "change"
    (warning,) = report["warnings"]
    assert warning["message"].startswith("p0 omits unchanged resources")
    assert "--show-sames" in warning["message"]


def test_both_formats_of_a_preview_of_the_engine_give_the_same_costs():
    document = report_of((SAMPLES / "changes.json").read_text())
    streamed = report_of((SAMPLES / "changes.stream.jsonl").read_text())
    rows = {row["urn"]: row for row in streamed["resources"]}
    assert {urn: row["op"] for urn, row in rows.items()} == {
        row["urn"]: row["op"] for row in document["resources"]
    }
    different = [row["name"] for row in document["resources"] if rows[row["urn"]]["after"] != row["after"]]
    # Its launch template is unknown, and the stream does not have the dependency that resolves it.
    assert different == ["asg2"]
