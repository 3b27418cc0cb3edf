"""What the sandbox gets from the review of our own stacks: files, an exit code and a line that says why."""

import json
from datetime import date

import pytest

from teei_finops.review.review import FILES, write_review
from teei_finops.review.stack_preview import Preview
from tests.teei_finops.costing.preview_builder import INSTANCE, QUEUE, VOLUME, create, preview, urn

DISK = create(VOLUME, "disk", {"size": 100, "type": "gp3"})
FAILED = {"summaryEvent": {"result": "failed"}}


def written(tmp_path, document: str, events: list[dict] | None = None, **files: str):
    """The exit code and, where there is one, the document; `files` are those of the project."""
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    log = "".join(json.dumps(event) + "\n" for event in events) if events else None
    out = tmp_path / "build" / "review"
    stack = Preview("dev", document, log, 0, "")
    code = write_review([stack], out, base="main", root=tmp_path, at=date(2026, 11, 24))
    made = out / "review.json"
    return code, json.loads(made.read_text()) if made.exists() else None


def test_every_file_is_written_and_names_the_base(tmp_path, capsys):
    code, document = written(tmp_path, preview(DISK))
    assert code == 0
    assert document["base"] == "main"
    assert document["stacks"][0]["stack"] == "dev"
    assert all((tmp_path / "build" / "review" / file).stat().st_size for file in FILES.values())
    assert capsys.readouterr().err == ""


def test_a_broken_budget_of_the_project_is_exit_1_and_named(tmp_path, capsys):
    budgets = "version: 1\nbudgets: [{name: disks, scope: {}, monthly_limit_usd: 7}]\n"
    assert written(tmp_path, preview(DISK), budgets=budgets)[0] == 1
    assert capsys.readouterr().err == "review: over budget: disks\n"


def test_the_usage_profile_of_the_project_is_used(tmp_path):
    usage = "version: 1\nresources: {jobs: {monthly_requests: 10000000, request_size_kb: 1}}\n"
    _, document = written(tmp_path, preview(create(QUEUE, "jobs", {})), usage=usage)
    assert document["after"] == {"low": "4", "expected": "4", "high": "4"}


def test_a_mandatory_policy_is_exit_1_and_named_but_the_costs_are_shown(tmp_path, capsys):
    report = {"resourceUrn": urn(VOLUME, "disk"), "policyName": "no-disks", "enforcementLevel": "mandatory"}
    code, document = written(tmp_path, preview(DISK), [{"policyEvent": report}, FAILED])
    assert code == 1
    assert document["verdict"] == "pass"
    assert capsys.readouterr().err == "review: mandatory policies said no: no-disks\n"


def test_too_many_resources_without_a_price_are_exit_1(tmp_path, capsys):
    budgets = "version: 1\ncoverage: {min_percent: 100, enforcement: mandatory}\n"
    odd = create(INSTANCE, "odd", {"instanceType": "m99.huge"})
    assert written(tmp_path, preview(DISK, odd), budgets=budgets)[0] == 1
    assert "too many resources have no price" in capsys.readouterr().err


def test_a_preview_that_ended_in_errors_is_exit_2_and_still_written(tmp_path, capsys):
    broken = preview(DISK, diagnostics=[{"severity": "error", "message": "error: boom\n"}])
    code, document = written(tmp_path, broken)
    assert code == 2
    assert document["verdict"] == "incomplete"
    assert "the preview of dev ended in errors: error: boom" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("document", "files", "problem"),
    [
        ("", {}, "dev: empty"),
        (preview(DISK), {"usage": "version: 1\ndefault: {}"}, "did you mean 'defaults'?"),
        (preview(DISK), {"budgets": "version: 3"}, "version must be 1"),
    ],
)
def test_what_cannot_be_used_is_exit_2_with_one_line_and_writes_nothing(
    tmp_path, capsys, document, files, problem
):
    code, made = written(tmp_path, document, **files)
    assert (code, made) == (2, None)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert problem in said
