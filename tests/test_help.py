"""`--help` and `-h` of every module that is run by hand do nothing but print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = (
    "components.settings.reference",
    "demo.reports",
    "functions.advisor",
    "functions.reports",
    "functions.tools.build",
    "functions.ai_budget.tools.price_rows",
    "policies",
    "policies.catalogue",
    "retention",
    "teei_finops",
)
BENCHMARKS = sorted(file.stem for file in (ROOT / "bench").glob("[a-z]*.py"))
# Runs modules in one process, as each alone would import the same libraries again.
HELP_OF_ALL = """
import runpy, sys
for module in sys.argv[1:]:
    sys.argv[:] = [module, "-h"]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit:
        continue
    sys.exit(f"{module} -h does more than print its help")
"""
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


def test_help_of_a_benchmark_measures_nothing():
    modules = [f"bench.{name}" for name in BENCHMARKS]
    done = subprocess.run(
        [sys.executable, "-c", HELP_OF_ALL, *modules],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "client/src"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage: ") == len(modules)
