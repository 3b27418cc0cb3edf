"""Exit codes and messages of `python -m functions.cost_data`."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[3]


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "functions.cost_data", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_collect_without_an_answer_of_aws_exits_with_1_and_says_so_in_one_line_a_source(cost_database):
    result = run(
        "collect", "--database-url", cost_database, "--at", "2026-11-24",
        AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
        AWS_MAX_ATTEMPTS="1",
    )  # fmt: skip
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert all(line.startswith("functions.cost_data: ") for line in lines)
    assert any("cost-explorer-usage" in line and "http://127.0.0.1:9" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["collect"], "--database-url"),
        (
            ["collect", "--database-url", "x", "--at", "24.11.2026"],
            "24.11.2026 is not a date from 2000 to 2100; write it as YYYY-MM-DD",
        ),
        (["totals", "--month", "11/2026", "--database-url", "x"], "write it as YYYY-MM"),
        (["totals", "--month", "2026-11", "--database-url", "postgresql://127.0.0.1:1/x"], "refused"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(arguments, message):
    result = run(*arguments)
    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert message in result.stderr


def test_a_wrong_setting_is_one_line_and_exit_code_2():
    result = run("totals", "--month", "2026-11", "--database-url", "x", COST_DATA_REQUEST_LIMIT="-1")
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
    assert "COST_DATA_REQUEST_LIMIT" in result.stderr


def test_a_port_in_use_is_one_line_and_exit_code_2(cost_database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("serve", "--port", taken.getsockname()[1], "--database-url", cost_database)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
    assert "Address already in use" in result.stderr
