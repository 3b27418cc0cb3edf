"""`teei-finops review` as a person or a pipeline runs it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from teei_finops.cli import main
from tests.teei_finops.costing.preview_builder import QUEUE, VOLUME, create, preview, step, stream, urn

ROOT = Path(__file__).parents[3]
GB100 = {"size": 100, "type": "gp3"}


@pytest.fixture
def plan(tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(preview(create(VOLUME, "disk", GB100)))
    return file


def run(capsys, *arguments) -> tuple[int, str, str]:
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_document_is_printed_as_json(capsys, plan):
    code, out, err = run(capsys, "review", plan, "--format", "json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["version"], document["currency"], document["verdict"]) == (2, "USD", "pass")
    assert document["after"] == {"low": "8", "expected": "8", "high": "8"}


@pytest.mark.parametrize("name", ["table", "json", "markdown", "html", "junit", "sarif"])
def test_every_format_names_the_resource_that_changes_or_the_stack(capsys, plan, name):
    code, out, _ = run(capsys, "review", plan, "--format", name)
    assert code == 0
    assert out.strip()
    if name in ("table", "json", "markdown", "html"):
        assert "disk" in out


def test_the_output_goes_where_it_is_sent(capsys, plan, tmp_path):
    code, out, _ = run(capsys, "review", plan, "--format", "json", "--output", tmp_path / "out.json")
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text())["verdict"] == "pass"


@pytest.mark.parametrize("make", [preview, stream])
def test_a_dash_is_standard_input(capsys, monkeypatch, make):
    text = make(create(VOLUME, "disk", GB100)).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    code, out, _ = run(capsys, "review", "-", "--format", "json")
    assert code == 0
    assert json.loads(out)["after"]["expected"] == "8"


def test_a_broken_budget_exits_1_and_still_prints_the_document(capsys, plan, tmp_path):
    budgets = tmp_path / "budgets.yaml"
    budgets.write_text("version: 1\nbudgets: [{name: all, scope: {}, monthly_limit_usd: 7}]\n")
    code, out, _ = run(capsys, "review", plan, "--budgets", budgets, "--format", "json")
    assert code == 1
    assert json.loads(out)["verdict"] == "fail"


def test_a_preview_that_failed_exits_1(capsys, tmp_path):
    file = tmp_path / "plan.jsonl"
    file.write_text(stream(create(VOLUME, "disk", GB100), result="failed"))
    code, out, _ = run(capsys, "review", file, "--format", "json")
    assert code == 1
    assert json.loads(out)["verdict"] == "incomplete"


def test_the_day_of_the_review_decides_about_waivers(capsys, plan, tmp_path):
    budgets = tmp_path / "budgets.yaml"
    budgets.write_text(
        "version: 1\nbudgets: [{name: all, scope: {}, monthly_limit_usd: 7}]\n"
        "waivers: [{budget: all, owner: cto, reason: launch, expires: 2026-12-31}]\n"
    )
    arguments = ("review", plan, "--budgets", budgets, "--at")
    assert run(capsys, *arguments, "2026-12-31")[0] == 0
    assert run(capsys, *arguments, "2027-01-01")[0] == 1


def test_every_amount_explains_itself(capsys, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(preview(create(QUEUE, "jobs", {}), create(VOLUME, "disk", GB100)))
    code, out, _ = run(capsys, "explain", "jobs", file)
    assert code == 0
    assert "1 1M-requests × 0.4 USD = 0.4 (0 to" in out
    assert "(assumed)" in out
    assert "seed_prices.json@2026" in out
    code, out, err = run(capsys, "explain", urn(QUEUE, "job"), file)
    assert (code, out) == (2, "")
    assert f"did you mean '{urn(QUEUE, 'jobs')}'" in err


def refused(plan: Path, tmp_path: Path) -> dict[str, list]:
    files = {
        "empty": "",
        "half": plan.read_text()[:-40],
        "state": '{"version": 3, "deployment": {}}',
        "cut.jsonl": stream(create(VOLUME, "disk", GB100)).rsplit("\n", 2)[0],
        "columns.csv": "region,usd\n",
        "row.csv": "region,service,family,key,unit,usd,tier_from,as_of,source\nus-east-1,a,b,c,hour,x,0,,\n",
        "usage.yaml": "version: 1\nresources: {disk: {monthly_hour: 1}}\n",
        "budgets.yaml": "version: 1\nbudgts: []\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    good = ["review", plan]
    return {
        "a folder": ["review", tmp_path],
        "a missing file": ["review", tmp_path / "none.json"],
        "an empty file": ["review", tmp_path / "empty"],
        "half a file": ["review", tmp_path / "half"],
        "another JSON": ["review", tmp_path / "state"],
        "a stream without its end": ["review", tmp_path / "cut.jsonl"],
        "not text": ["review", tmp_path / "binary"],
        "a good one and a bad one": ["review", plan, tmp_path / "empty"],
        "the same one twice": ["review", plan, plan],
        "prices without columns": [*good, "--prices", tmp_path / "columns.csv"],
        "a bad price": [*good, "--prices", tmp_path / "row.csv"],
        "missing prices": [*good, "--prices", tmp_path / "none.csv"],
        "prices in a folder": [*good, "--prices", tmp_path],
        "a wrong usage key": [*good, "--usage", tmp_path / "usage.yaml"],
        "a missing profile": [*good, "--usage", tmp_path / "none.yaml"],
        "a wrong budget key": [*good, "--budgets", tmp_path / "budgets.yaml"],
        "a wrong day": [*good, "--at", "yesterday"],
        "an unknown format": [*good, "--format", "pdf"],
        "no preview": ["review"],
        "no command": [],
        "no place for the output": [*good, "--output", tmp_path / "none" / "out.json"],
    }


CASES = [
    "a folder", "a missing file", "an empty file", "half a file", "another JSON", "a stream without its end",
    "not text", "a good one and a bad one", "the same one twice", "prices without columns", "a bad price",
    "missing prices", "prices in a folder", "a wrong usage key", "a missing profile", "a wrong budget key",
    "a wrong day", "an unknown format", "no preview", "no command", "no place for the output",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_review_that_cannot_be_done_exits_2_with_one_line_and_no_output(capsys, plan, tmp_path, case):
    code, out, err = run(capsys, *refused(plan, tmp_path)[case])
    assert (code, out) == (2, "")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err


def test_it_runs_as_a_module_from_another_folder(plan, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "teei_finops", "review", str(plan)],
        capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "+$8.00" in done.stdout


def test_a_review_loads_neither_boto3_nor_yaml_nor_pulumi_when_it_needs_none(plan):
    script = (
        "import sys; from teei_finops.cli import main; "
        f"main(['review', {str(plan)!r}, '--format', 'json', '--output', '/dev/null']); "
        "print({'boto3', 'botocore', 'yaml', 'pulumi', 'jinja2', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"


def test_a_delete_is_shown_as_a_saving(capsys, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(preview(step("delete", VOLUME, "disk", old=GB100)))
    assert "−$8.00" in run(capsys, "review", file)[1]
