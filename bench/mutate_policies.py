"""Mutation testing of the policy pack: `python -m bench.mutate_policies [MODULE…]` prints what survived.

Cosmic Ray makes the mutants. Its own runner starts Python anew for each one and writes into the tree; here
pytest collects the tests once, and each mutant runs in a forked child that puts the mutated module in the
place of the loaded one, which takes a tenth of the time and leaves the files alone.
"""

import os
import resource
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType

import cosmic_ray.plugins
import pytest
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests/policies"
# The text of the page is compared as a whole, and starting the pack is the integration tests' matter.
LEFT_OUT = {"__init__", "__main__", "catalogue"}
SLOW = ("test_any_shape", "every_single_property")
# The tests that most likely kill the mutants of a module, by words in their ids; the others come after.
FIRST = {
    "exemption_policies": ("test_exemptions",),
    "exemptions": ("test_exemptions",),
    "lifecycle_configuration": ("test_lifecycles",),
    "lifecycle_days": ("test_lifecycles",),
    "bucket_retention": ("test_lifecycles", "bucket", "lifecycle"),
    "archive_command": ("test_archive_command",),
    "values": ("test_values_and_messages",),
    "messages": ("test_values_and_messages",),
    "analyzer": ("test_values_and_messages", "test_budgets"),
    "kubernetes_types": ("test_other_peoples",),
    "effective_tags": ("test_other_peoples", "tags"),
    "tagging": ("tag",),
    "budgets": ("test_budgets", "budget"),
    "estimated_cost": ("test_estimated_cost",),
    "stack_context": ("test_budgets",),
    "taggable_types": ("test_taggable_types",),
    "log_and_backup_retention": ("log_group", "backup_plan", "snapshot"),
    "database": ("database", "cluster"),
    "database_parameters": ("parameter", "postgres"),
    "scaling": ("deployment", "hpa", "scaled"),
    "keda": ("scaled", "nats", "trigger"),
    "workloads": ("scaler", "hpa", "scaled", "Deployment"),
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
SECONDS = 60


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


def put_in_place(module: ModuleType, source: str) -> None:
    """Run the source as the loaded module, and let whoever imported a name from it have the new one."""
    old = dict(vars(module))
    exec(compile(source, str(module.__file__), "exec"), vars(module))
    new = {id(value): vars(module)[name] for name, value in old.items() if not name.startswith("__")}
    kept = {id(value): value for value in old.values()}
    for name, other in list(sys.modules.items()):
        if other is module or not name.startswith(("policies.", "tests.policies.", "test_")):
            continue
        for key, value in list(vars(other).items()):
            if kept.get(id(value)) is value and not key.startswith("__"):
                setattr(other, key, new.get(id(value), value))
        if hasattr(other, "POLICIES"):
            other.POLICIES = {policy.name: policy for policy in other.Pack().policies}  # pyrefly: ignore


class Mutations:
    """A pytest plugin: instead of running the collected tests once, it runs them on each mutant."""

    def __init__(self, chosen: list[str]) -> None:
        paths = [path for path in sorted((ROOT / "policies").rglob("*.py")) if path.stem not in LEFT_OUT]
        self._paths = [path for path in paths if not chosen or path.stem in chosen]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        total = survived = 0
        for path in self._paths:
            source = path.read_text("utf-8")
            if killed(session, path, source):
                sys.exit(f"{path.stem}: the tests fail without any mutation")
            for operator, mutated in mutants(source):
                total += 1
                if not killed(session, path, mutated):
                    survived += 1
                    print(f"\n{path.stem} {operator}\n{difference(source, mutated)}", flush=True)
            print(f"\n{path.stem}: {total} mutants up to here, {survived} survived", flush=True)
        return True


def killed(session: pytest.Session, path: Path, source: str) -> bool:
    """The tests fail, or take a minute of the processor, with the mutant in the module's place."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            put_in_place(import_module(name), source)
            os._exit(1 if fails(session, path.stem) else 0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status != 0


def fails(session: pytest.Session, stem: str) -> bool:
    """A test fails, beginning with those that most likely do."""
    words = FIRST.get(stem, ("test_bad_resources",))
    for item in sorted(session.items, key=lambda item: not any(word in item.nodeid for word in words)):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed:
            return True
    return False


def difference(before: str, after: str) -> str:
    """The changed lines."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    changed = [(number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]]
    return "\n".join(f"  {number}: {old.strip()}\n    → {new.strip()}" for number, old, new in changed)


def main(chosen: list[str]) -> int:
    quiet = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", f"not ({' or '.join(SLOW)})"]
    return int(pytest.main([*quiet, str(TESTS)], plugins=[Mutations(chosen)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
