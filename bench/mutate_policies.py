"""Mutation testing of the policy pack: `python -m bench.mutate_policies [MODULE…]` prints what survived.

Cosmic Ray makes the mutants. Its own runner starts Python anew for each one and writes into the tree; here
the libraries are imported once and each mutant runs in a forked child that takes the module from memory,
which leaves the files alone and takes a second for most.
"""

import importlib
import importlib.abc
import importlib.util
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path

import cosmic_ray.plugins
import jsonschema  # noqa: F401 - imported before the fork, as are the others
import pulumi_policy  # noqa: F401
import pytest
import yaml  # noqa: F401
from cosmic_ray.mutating import mutate_code

import costing.stack_gate  # noqa: F401

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests/policies"
# The text of the page is compared as a whole, and starting the pack is the integration tests' matter.
LEFT_OUT = {"__init__", "__main__", "catalogue"}
# The tests that most likely kill the mutants of a module, as a file and pytest's -k; all others come after.
FIRST = {
    "exempting": ("exemptions", ""),
    "exemptions": ("exemptions", ""),
    "lifecycle": ("lifecycles", ""),
    "lifecycle_days": ("lifecycles", ""),
    "retention": ("lifecycles", ""),
    "shell": ("shell", ""),
    "values": ("values_and_messages", ""),
    "messages": ("values_and_messages", ""),
    "kubernetes": ("other_peoples_resources", ""),
    "effective_tags": ("other_peoples_resources", ""),
    "servicer": ("values_and_messages", ""),
    "budgeting": ("budgets", ""),
    "facts": ("budgets", ""),
    "taggable": ("taggable_types", ""),
    "keeping": ("bad_resources", "log_group or backup_plan or snapshot"),
    "database": ("bad_resources", "database or cluster"),
    "database_parameters": ("bad_resources", "parameter or postgres"),
    "scaling": ("bad_resources", "deployment or hpa or scaled"),
    "keda": ("bad_resources", "scaled"),
    "workloads": ("bad_resources", "hpa or added"),
}
SKIPPED = ("core/NoOp", "core/Variable")  # they change nothing, or need to be told a name
# Cosmic Ray replaces each operator by every other one. These are its opposite and its neighbour; whatever
# tells them from the original tells the rest.
REPLACEMENTS = {
    "ReplaceComparisonOperator": {
        "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt",
        "GtE_Lt", "Is_IsNot", "IsNot_Is",
    },
    "ReplaceBinaryOperator": {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "BitOr_BitAnd", "BitAnd_BitOr"},
}  # fmt: skip
SLOW = ("test_any_shape", "every_single_property", "test_taggable_types")  # left out after the first ones
SECONDS = 60


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module in memory instead of on disk."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, fullname, path=None, target=None):  # noqa: ARG002 - the protocol's parameters
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec):  # noqa: ARG002 - the protocol's parameter
        return None

    def exec_module(self, module):
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each mutant of a module: the operator that made it, and its source."""
    for name in sorted(cosmic_ray.plugins.operator_names()):
        kind, _, pair = name.removeprefix("core/").partition("_")
        if name.startswith(SKIPPED) or (kind in REPLACEMENTS and pair not in REPLACEMENTS[kind]):
            continue
        operator = cosmic_ray.plugins.get_operator(name)()
        for occurrence in count():
            try:
                mutated = mutate_code(source, operator, occurrence)
            except AttributeError:  # ExceptionReplacer 8.7 cannot replace a dotted name
                continue
            if mutated is None:
                break
            yield name.removeprefix("core/"), mutated


def killed(stem: str, path: Path, source: str) -> bool:
    """The tests fail, or take a minute of the processor, with the mutant in the module's place."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        sys.meta_path.insert(0, Mutated(f"policies.{stem}", path, source))
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            os._exit(run_tests(stem) if imports(stem) else 1)
    _, status = os.waitpid(child, 0)
    return status != 0


def imports(stem: str) -> bool:
    """Most mutants of annotations do not even load."""
    try:
        importlib.import_module(f"policies.{stem}")
    except Exception:
        return False
    return True


def run_tests(stem: str) -> int:
    """Pytest's exit code: the tests that most likely fail first, then all."""
    unused = ("cacheprovider", "xdist", "hypothesispytest", "schemathesis")
    options = ["-x", "-q", *(f"-pno:{plugin}" for plugin in unused)]
    file, keyword = FIRST.get(stem, ("bad_resources", ""))
    code = pytest.main([*options, str(TESTS / f"test_{file}.py"), *(["-k", keyword] if keyword else [])])
    return int(code or pytest.main([*options, str(TESTS), "-k", f"not ({' or '.join(SLOW)})"]))


def main(chosen: list[str]) -> int:
    pytest.main(["--version"])  # loads its plugins
    paths = [path for path in sorted((ROOT / "policies").glob("*.py")) if path.stem not in LEFT_OUT]
    paths = [path for path in paths if not chosen or path.stem in chosen]
    if killed(paths[0].stem, paths[0], paths[0].read_text("utf-8")):
        print("the tests fail without any mutation", file=sys.stderr)
        return 2
    total = survived = 0
    for path in paths:
        source = path.read_text("utf-8")
        for operator, mutated in mutants(source):
            total += 1
            if not killed(path.stem, path, mutated):
                survived += 1
                print(f"{path.stem} {operator}\n{difference(source, mutated)}", flush=True)
        print(f"{path.stem}: {total} mutants up to here, {survived} survived", flush=True)
    return 0


def difference(before: str, after: str) -> str:
    """The changed lines."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return "\n".join(f"  {number}: {old.strip()}\n    → {new.strip()}"
                     for number, (old, new) in enumerate(pairs, 1) if old != new)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
