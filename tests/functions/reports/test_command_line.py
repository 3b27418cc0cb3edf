"""`python -m functions.reports`: its files, and one line for each mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

from functions.reports.__main__ import main

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.reports.support")
ROOT = Path(__file__).parents[3]
AWAY = "postgresql://127.0.0.1:1/none"
VERIFIED = (
    '{"stack": "prod", "at": "2026-11-20T00:00:00Z", "compliant": true, "differences": [],'
    ' "measured": {"clickhouse": {"bytes": 5}}}'
)
HEADER = "rule,resource,owner,monthly_saving_effective_usd,status\n"


@pytest.mark.postgres
def test_the_commands_write_five_files_each_and_print_them(account, tmp_path, capsys):
    common = ["--database-url", account, "--output", str(tmp_path), "--at", "2026-11-20"]
    assert main(["monthly", "--month", "2026-10", *common]) == 0
    assert main(["quarterly", *common]) == 0  # the last one that ended
    printed = capsys.readouterr().out.splitlines()
    endings = (".pptx", ".html", ".xlsx", ".json", "-actions.csv")
    names = ("monthly-2026-10", "quarterly-2026Q3")
    assert printed == [str(tmp_path / f"{name}{ending}") for name in names for ending in endings]
    assert all(Path(path).stat().st_size for path in printed)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["monthly", "--month", "October"], "--month October: not a month; write it as YYYY-MM"),
        (["monthly", "--month", ""], "--month : not a month; write it as YYYY-MM"),
        (["monthly", "--month", "9999-12"], "--month 9999-12: not a month; write it as YYYY-MM"),
        (["quarterly", "--quarter", "2026-4"], "--quarter 2026-4: not a quarter; write it as 2026Q4"),
        (["quarterly", "--quarter", "9999Q4"], "--quarter 9999Q4: not a quarter; write it as 2026Q4"),
        (["monthly", "--month", "2026-10"], "PostgreSQL: "),
        (["monthly", "--month", "2026-10", "--retention", "nowhere.json"], "nowhere.json: No such file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, error, tmp_path, capsys):
    assert main([*arguments, "--database-url", AWAY, "--output", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"functions.reports: {error}")


@pytest.mark.parametrize(
    ("option", "content", "error"),
    [
        ("--recommendations", "a,b\n1,2\n", "no column rule"),
        ("--recommendations", f"{HEADER}r,x,o,much,open\n", "line 2: much: not an amount in US dollars"),
        ("--recommendations", f"{HEADER}r,x,o,NaN,open\n", "line 2: NaN: not an amount in US dollars"),
        ("--recommendations", f'{HEADER}r,"x,o,1,open\n', "line 1: unexpected end of data"),
        ("--retention", "[]", "not the JSON of `scripts/infra/storage-retention.sh verify --json`"),
        ("--retention", VERIFIED.replace("Z", ""), "at: Input should have timezone info"),
        ("--retention", VERIFIED.replace("[]", "[1]"), "differences.0: "),
        ("--retention", VERIFIED.replace("5", '"x"'), "measured.clickhouse.bytes: "),
        ("--retention", "\xff", "not a text file in UTF-8"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(option, content, error, tmp_path, capsys):
    path = tmp_path / "input.txt"
    path.write_text(content, encoding="latin-1")
    common = ["--database-url", AWAY, "--output", str(tmp_path)]
    assert main(["monthly", "--month", "2026-10", *common, option, str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "input.txt" in line
    assert error in line


@pytest.mark.parametrize("text", ["0", "100", "much", "NaN"])
def test_a_discount_is_a_percentage(text, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["quarterly", "--quarter", "2026Q3", "--plan-discount-percent", text])
    assert stopped.value.code == 2
    assert "not a percentage above 0 and below 100" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["20261120", "2026-W47-1", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_the_day_of_the_review_is_written_as_year_month_and_day(text, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["monthly", "--database-url", AWAY, "--output", "x", "--at", text])
    assert stopped.value.code == 2
    assert f"{text} is not a date from 2000 to 2100; write it as YYYY-MM-DD" in capsys.readouterr().err


def test_recommendations_that_a_spreadsheet_saved_are_read(tmp_path, capsys):
    path = tmp_path / "input.csv"
    path.write_text(f"{HEADER}r,x,o,1.5,open\n", encoding="utf-8-sig")
    common = ["--database-url", AWAY, "--output", str(tmp_path), "--recommendations", str(path)]
    assert main(["monthly", "--month", "2026-10", *common]) == 2
    assert "PostgreSQL: " in capsys.readouterr().err


def test_help_needs_no_library_and_no_database():
    code = "import sys; sys.modules.update(psycopg=None, pptx=None, openpyxl=None, jinja2=None);"
    code += "from functions.reports.__main__ import main; main(['monthly', '--help'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--month YYYY-MM" in done.stdout
