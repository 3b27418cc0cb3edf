"""The files, the exit code and the messages of a review of stacks."""

import json
from datetime import date

import pytest

from teei_finops.review.plan_stacks import StackPreview
from teei_finops.review.report_schema import Report
from teei_finops.review.stack_review import FILES, write_review
from tests.teei_finops.costing.preview_builder import INSTANCE, QUEUE, VOLUME, create, preview, urn

DISK = create(VOLUME, "disk", {"size": 100, "type": "gp3"})
NO_DISKS = {"resourceUrn": urn(VOLUME, "disk"), "policyName": "no-disks", "enforcementLevel": "mandatory"}
FAILED = {"summaryEvent": {"result": "failed"}}


def write(
    tmp_path, document: str, events: list[dict] | None = None, **files: str
) -> tuple[int, Report | None]:
    """The exit code and, where it is written, the report; `files` are YAML files of the project."""
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    log = "".join(json.dumps(event) + "\n" for event in events) if events else None
    out = tmp_path / "build" / "review"
    code = write_review(
        [StackPreview("dev", document, log)], out, base="main", root=tmp_path, at=date(2026, 11, 24)
    )
    report = out / "review.json"
    return code, json.loads(report.read_text()) if report.exists() else None


def test_every_file_is_written_and_the_summary_names_the_page(tmp_path, capsys):
    code, report = write(tmp_path, preview(DISK))
    assert code == 0
    assert report["base"] == "main"
    assert report["stacks"][0]["stack"] == "dev"
    out = tmp_path / "build" / "review"
    assert all((out / file).stat().st_size for file in FILES.values())
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "review: dev: 1 to create",
        f"review: {out / 'index.html'}",
        f"review: {out / 'review.md'}",
    ]
    assert printed.err == ""


def test_an_exceeded_budget_of_the_project_exits_1_and_is_named(tmp_path, capsys):
    budgets = "version: 1\nbudgets: [{name: disks, scope: {}, monthly_limit_usd: 7}]\n"
    assert write(tmp_path, preview(DISK), budgets=budgets)[0] == 1
    assert capsys.readouterr().err == "review: over budget: disks\n"


def test_the_usage_profile_of_the_project_is_used(tmp_path):
    usage = "version: 1\nresources: {jobs: {monthly_requests: 10000000, request_size_kb: 1}}\n"
    _, report = write(tmp_path, preview(create(QUEUE, "jobs", {})), usage=usage)
    assert report["after"] == {"low": "4", "expected": "4", "high": "4"}


@pytest.mark.parametrize(
    ("stacks", "warnings"), [((), ["usage profile: no resource matches 'jobs'"]), (("dev", "prod"), [])]
)
def test_entries_of_the_usage_profile_may_be_for_stacks_that_are_not_reviewed(tmp_path, stacks, warnings):
    for stack in stacks:
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    usage = "version: 1\nresources: {jobs: {monthly_requests: 10}}\n"
    project = "name: shop\nruntime: python\n"
    _, report = write(tmp_path, preview(DISK), usage=usage, Pulumi=project)
    assert [warning["message"] for warning in report["warnings"]] == warnings


def test_a_mandatory_policy_exits_1_and_is_named_and_the_costs_are_reported(tmp_path, capsys):
    code, report = write(tmp_path, preview(DISK), [{"policyEvent": NO_DISKS}, FAILED])
    assert code == 1
    assert report["verdict"] == "pass"
    assert capsys.readouterr().err == "review: blocked by mandatory policies: no-disks\n"
    assert "Blocked by policy or budget." in (tmp_path / "build" / "review" / "review.md").read_text()


def test_too_many_unpriced_resources_exit_1(tmp_path, capsys):
    budgets = "version: 1\ncoverage: {min_percent: 100, enforcement: mandatory}\n"
    unpriced = create(INSTANCE, "vm", {"instanceType": "m99.huge"})
    assert write(tmp_path, preview(DISK, unpriced), budgets=budgets)[0] == 1
    assert "too many resources have no price" in capsys.readouterr().err


def test_a_preview_that_ended_in_errors_exits_2_and_is_written(tmp_path, capsys):
    failed = preview(DISK, diagnostics=[{"severity": "error", "message": "error: boom\n"}])
    code, report = write(tmp_path, failed)
    assert code == 2
    assert report["verdict"] == "incomplete"
    assert capsys.readouterr().err == "review: the preview of dev failed: error: boom\n"


@pytest.mark.parametrize(
    ("document", "files", "message"),
    [
        ("", {}, "dev: empty"),
        (preview(DISK), {"usage": "version: 1\ndefault: {}"}, "did you mean 'defaults'?"),
        (preview(DISK), {"budgets": "version: 3"}, "version must be 1"),
    ],
)
def test_an_unusable_preview_or_file_exits_2_with_one_line_and_writes_nothing(
    tmp_path, capsys, document, files, message
):
    assert write(tmp_path, document, **files) == (2, None)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
