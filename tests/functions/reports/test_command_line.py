"""`python -m functions.reports`: its files, and one line for each mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

from functions.reports.__main__ import main

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.reports.support")
ROOT = Path(__file__).parents[3]
AWAY = "postgresql://127.0.0.1:1/none"
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
        (["quarterly", "--quarter", "2026-4"], "--quarter 2026-4: not a quarter; write it as 2026Q4"),
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
        ("--retention", "[]", "not the JSON of `scripts/infra/storage-retention.sh verify --json`"),
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


@pytest.mark.parametrize("text", ["0", "100", "much"])
def test_a_discount_is_a_percentage(text, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["quarterly", "--quarter", "2026Q3", "--plan-discount-percent", text])
    assert stopped.value.code == 2
    assert "not a percentage above 0 and below 100" in capsys.readouterr().err


def test_help_needs_no_library_and_no_database():
    code = "import sys; sys.modules.update(psycopg=None, pptx=None, openpyxl=None, jinja2=None);"
    code += "from functions.reports.__main__ import main; main(['monthly', '--help'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--month YYYY-MM" in done.stdout
