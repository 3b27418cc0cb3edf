"""The spool: on disk before the call returns, bounded, and adopted after the end of its process."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ai_budget_client import SpoolFailed, SpoolFull
from ai_budget_client.spool import Row, Spool, abandoned_spools, new_spool

BODY = {"tenant_id": "acme", "request_id": "1"}


@pytest.fixture
def spool(tmp_path):
    spool = new_spool(tmp_path, 3)
    yield spool
    spool.close()


def test_a_row_is_sent_only_when_its_call_is_complete(spool):
    row = spool.add("open", BODY)
    assert spool.row(row) is None
    spool.update(row, "track", BODY | {"prompt_tokens": 1})
    assert spool.row(row) == Row("track", BODY | {"prompt_tokens": 1})
    spool.delete(row)
    assert (spool.row(row), len(spool)) == (None, 0)


def test_a_full_spool_takes_no_new_call_but_the_outcome_of_one_it_has(spool):
    rows = [spool.add("open", BODY) for _ in range(3)]
    with pytest.raises(SpoolFull, match="3 calls"):
        spool.add("open", BODY)
    spool.update(rows[0], "track", BODY)
    spool.delete(rows[0])
    spool.add("open", BODY)


def test_the_spool_of_a_living_process_is_not_adopted(spool, tmp_path):
    spool.add("open", BODY)
    assert list(abandoned_spools(tmp_path, 3)) == []
    code = f"""
from pathlib import Path
from ai_budget_client.spool import abandoned_spools
print(list(abandoned_spools(Path({str(tmp_path)!r}), 3)))
"""
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env=_environment(), capture_output=True, text=True
        ).stdout
        == "[]\n"
    )


def test_the_spool_of_a_killed_process_is_adopted_and_what_was_cut_off_counts(tmp_path):
    code = f"""
import os, signal
from pathlib import Path
from ai_budget_client.spool import new_spool
spool = new_spool(Path({str(tmp_path)!r}), 9)
spool.add("open", {{"call": "cut off"}})
spool.fail(spool.add("track", {{"call": "refused"}}), "forbidden")
spool.update(spool.add("open", {{}}), "release", {{"call": "released"}})
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], env=_environment())
    (adopted,) = abandoned_spools(tmp_path, 9)
    rows = [adopted.row(row_id) for row_id in adopted.adopt_rows()]
    assert rows == [
        Row("track", {"call": "cut off"}),
        Row("track", {"call": "refused"}),
        Row("release", {"call": "released"}),
    ]
    assert list(abandoned_spools(tmp_path, 9)) == []
    adopted.close()


def test_an_empty_spool_leaves_no_file(tmp_path):
    new_spool(tmp_path, 3).close()
    assert list(tmp_path.iterdir()) == []


def test_a_spool_with_calls_leaves_them(tmp_path):
    spool = new_spool(tmp_path, 3)
    spool.add("track", BODY)
    spool.close()
    (path,) = tmp_path.glob("*.db")
    with pytest.raises(sqlite3.OperationalError):
        Spool(path.parent / "missing" / "x.db", 3)
    reopened = Spool(path, 3)
    assert len(reopened) == 1
    reopened.close()


def test_a_directory_that_cannot_be_used_is_an_error_that_names_it(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SpoolFailed, match="spool_directory"):
        new_spool(tmp_path / "file", 3)


def test_the_spool_is_for_its_user_only(tmp_path):
    spool = new_spool(tmp_path / "spool", 3)
    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
    spool.close()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "client" / "src")}
