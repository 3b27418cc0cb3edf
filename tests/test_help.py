"""`--help` and `-h` of every module that is run by hand do nothing but print."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = (
    "components.settings.reference",
    "demo.reports",
    "functions.reports",
    "functions.tools.build",
    "functions.ai_budget.tools.price_rows",
    "policies",
    "policies.catalogue",
    "functions.advisor",
    "teei_finops",
)
WRITTEN = ("docs/configuration.md", "docs/policies.md", "policies/taggable_types.csv")


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_ends_at_once_and_writes_no_file(module, flag):
    before = [(ROOT / name).stat().st_mtime_ns for name in WRITTEN]
    done = subprocess.run(
        [sys.executable, "-m", module, flag],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert [(ROOT / name).stat().st_mtime_ns for name in WRITTEN] == before
