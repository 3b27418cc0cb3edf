"""Mutation testing of the policy pack: `python -m bench.mutate_policies [MODULE…]` prints the survivors.

Cosmic Ray creates the mutants. Its own runner starts Python for each mutant and writes into the working tree.
Here pytest collects the tests once, and each mutant runs in a forked process that replaces the loaded module:
this takes a tenth of the time and changes no files.
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

from bench.support.command_line import parser

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests/policies"
# A test compares the text of the page as a whole; integration tests start the pack.
NOT_MUTATED = {"__init__", "__main__", "amounts", "page"}
SLOW_TESTS = ("test_any_shape", "test_no_unknown_property")
# Words in the ids of the tests that most likely kill the mutants of a module; the other tests run after them.
LIKELY_TESTS = {
    "addresses": ("address", "nat_gateway"),
    "analyzer": ("test_report", "test_budgets"),
    "archive_command": ("test_archive_command",),
    "aurora_storage": ("test_aurora_storage",),
    "bucket_retention": ("test_lifecycle", "bucket", "lifecycle"),
    "budget_costs": ("test_budgets", "budget"),
    "budgets": ("test_budgets", "budget"),
    "callers": ("ai_budget",),
    "declared_resources": ("test_estimated_cost", "test_aurora_storage"),
    "distributions": ("distribution",),
    "effective_tags": ("other_programs", "tags"),
    "endpoints": ("endpoint", "nat_gateway"),
    "estimated_cost": ("test_estimated_cost",),
    "evaluation_context": ("test_report", "test_exemptions"),
    "exemption_policies": ("test_exemptions",),
    "exemptions": ("test_exemptions",),
    "findings": ("test_report", "test_undetermined"),
    "functions": ("function",),
    "instance_families": ("machine", "node_group", "cache", "launch_template", "document_database"),
    "instances": ("database", "cluster"),
    "keda": ("scaled", "nats", "trigger"),
    "kubernetes_types": ("test_kubernetes_types", "other_programs"),
    "lifecycle_actions": ("lifecycle",),
    "lifecycle_configuration": ("test_lifecycle",),
    "lifecycle_days": ("test_lifecycle",),
    "load_balancers": ("service", "test_load_balancers"),
    "log_and_backup_retention": ("log_group", "backup_plan", "snapshot"),
    "messages": ("test_messages",),
    "monthly_prices": ("nat_gateway", "support", "function"),
    "nat_gateways": ("nat_gateway",),
    "node_pools": ("node_pool",),
    "pack": ("test_report", "test_every_policy", "test_taggable_types"),
    "parameter_values": ("parameter", "postgres"),
    "parameters": ("parameter", "postgres"),
    "pod_security": ("deployment.spec.template", "cron_job"),
    "project": ("test_project",),
    "properties": ("test_properties",),
    "references": ("test_costs", "attachment", "address"),
    "repositories": ("repository", "image"),
    "resources": ("test_budgets", "test_lifecycle"),
    "rule": ("test_report", "test_every_policy"),
    "scaling": ("deployment", "hpa", "scaled"),
    "stack_context": ("test_budgets",),
    "support": ("version", "test_remedies", "test_costs"),
    "tables": ("table", "target", "read_policy", "write_policy"),
    "taggable_types": ("test_taggable_types",),
    "tagging": ("tag", "other_projects"),
    "vertical_scaling": ("test_vertical_scaling",),
    "volumes": ("volume", "test_remedies", "test_costs", "storage_class"),
    "workloads": ("scaler", "hpa", "scaled", "Deployment"),
}
SKIPPED = ("core/NoOp", "core/Variable")  # they change nothing, or need a name as an argument
# Cosmic Ray replaces each operator by every other one. A test that detects the opposite and the neighbouring
# operator detects the others, too.
REPLACEMENTS = {
    "ReplaceComparisonOperator": {
        "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt",
        "GtE_Lt", "Is_IsNot", "IsNot_Is",
    },
    "ReplaceBinaryOperator": {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "BitOr_BitAnd", "BitAnd_BitOr"},
}  # fmt: skip
SECONDS = 300


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each mutant of a module: the name of the mutation, and the mutated source."""
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


def replace_module(module: ModuleType, source: str) -> None:
    """Execute the source in the loaded module, and replace the names that other modules import from it."""
    old = dict(vars(module))
    exec(compile(source, str(module.__file__), "exec"), vars(module))
    new = {id(value): vars(module)[name] for name, value in old.items() if not name.startswith("__")}
    by_id = {id(value): value for value in old.values()}
    for name, other in list(sys.modules.items()):
        if other is module or not name.startswith(("policies.", "tests.policies.", "test_")):
            continue
        for key, value in list(vars(other).items()):
            if by_id.get(id(value)) is value and not key.startswith("__"):
                setattr(other, key, new.get(id(value), value))
        if hasattr(other, "POLICIES"):
            policies = other.Pack().policies  # pyrefly: ignore
            by_name = {policy.name: policy for policy in policies}
            other.POLICIES = by_name if isinstance(other.POLICIES, dict) else policies


class Mutations:
    """A pytest plugin that runs the collected tests for each mutant, instead of once."""

    def __init__(self, chosen: list[str]) -> None:
        paths = [path for path in sorted((ROOT / "policies").rglob("*.py")) if path.stem not in NOT_MUTATED]
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
    """The tests fail, or use more processor time than all tests need, with the mutated source."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            replace_module(import_module(name), source)
            os._exit(1 if fails(session, path.stem) else 0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status != 0


def fails(session: pytest.Session, stem: str) -> bool:
    """A test fails; the most likely ones run first."""
    words = LIKELY_TESTS.get(stem, ("test_violations",))
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
    quiet = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", f"not ({' or '.join(SLOW_TESTS)})"]
    return int(pytest.main([*quiet, str(TESTS)], plugins=[Mutations(chosen)]))


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument("modules", nargs="*", metavar="MODULE", help="without one, all modules")
    sys.exit(main(arguments.parse_args().modules))
