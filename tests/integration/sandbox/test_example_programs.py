"""Every program in examples/programs has the plan, the cost, the findings and the warnings expected of it."""

from pathlib import Path

import pytest
import yaml

from tests.integration.sandbox.example_programs import EXPECTED, PROGRAMS, plan_and_cost, programs

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("program", programs(), ids=lambda directory: directory.name)
def test_a_program_has_the_expected_plan_and_cost(program, tmp_path):
    before = tree(program)
    result = plan_and_cost(program, tmp_path)
    assert not [finding for finding in result["findings"] if finding.startswith("mandatory")]
    assert result == yaml.safe_load((program / EXPECTED).read_text())
    assert tree(program) == before


def tree(directory: Path) -> set[Path]:
    return set(directory.rglob("*"))


def test_each_program_is_in_the_table_of_the_documentation():
    page = (PROGRAMS.parents[1] / "docs" / "sandbox.md").read_text()
    names = [directory.name for directory in PROGRAMS.iterdir()]
    assert len(names) >= 25
    assert [name for name in names if f"programs/{name})" not in page] == []
