"""Rules on imports, sizes and pinned versions, for every file of the project."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("components", "policies", "teei_finops", "functions", "client", "monitoring", "demo", "bench")
PULUMI = ("pulumi", "pulumi_aws", "pulumi_kubernetes", "pulumi_policy")
OURS = {
    "components", "policies", "teei_finops", "functions", "client", "ai_budget_client", "monitoring", "demo",
    "bench", "tests",
}  # fmt: skip

# What a package may not import. A package name stands for everything below it.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "components": (*(OURS - {"components", "teei_finops"}), "boto3", "psycopg"),
    "policies": (
        *(OURS - {"policies", "components", "teei_finops"}),
        "teei_finops.review", "teei_finops.sandbox", "boto3", "psycopg", "pulumi_aws", "pulumi_kubernetes",
    ),
    "teei_finops": (*(OURS - {"teei_finops"}), "psycopg"),
    "teei_finops/costing": (*PULUMI, "teei_finops.review", "teei_finops.sandbox"),
    "teei_finops/sandbox": ("teei_finops.review", "teei_finops.costing"),
    "functions": (*PULUMI, *(OURS - {"functions", "teei_finops"})),
    "monitoring": (*PULUMI, *(OURS - {"monitoring"}), "boto3", "psycopg"),
    "demo": (*PULUMI, *(OURS - {"demo", "functions"}), "boto3"),
    "client": (*PULUMI, *(OURS - {"client", "ai_budget_client"}), "boto3", "psycopg"),
}  # fmt: skip
MAX_MODULES = 15
MAX_LINES = 300
# One estimator for each service family: the number of files is the number of families.
REGISTRIES = {"teei_finops/costing/estimators"}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [ROOT / line for line in listing.splitlines() if (ROOT / line).is_file()]


def modules(package: str) -> list[Path]:
    """The Python files of a package or of one of its folders."""
    return tracked(f"{package}/*.py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import of a file, those inside functions included."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield node.lineno, module
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def within(name: str, root: str) -> bool:
    return name == root or name.startswith(root + ".")


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_go_one_way(package):
    violations = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imports(path)
        if any(within(name, root) for root in FORBIDDEN[package])
    ]
    assert not violations


def test_policies_import_only_the_tags_from_components():
    violations = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("policies")
        for line, name in imports(path)
        if within(name, "components") and name != "components" and not within(name, "components.tags")
    ]
    assert not violations


def test_components_import_only_facts_about_aws_from_the_tool():
    violations = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("components")
        for line, name in imports(path)
        if within(name, "teei_finops")
        and not any(within(name, f"teei_finops.{facts}") for facts in ("aws_limits", "cost_explorer"))
    ]
    assert not violations


def test_only_the_advisor_imports_the_tool_and_only_its_prices_and_estimates():
    violations = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("functions")
        for line, name in imports(path)
        if within(name, "teei_finops")
        and not (
            path.is_relative_to(ROOT / "functions" / "advisor")
            and any(within(name, f"teei_finops.{facts}") for facts in ("aws_limits", "costing"))
        )
    ]
    assert not violations


def test_only_components_and_the_program_import_the_cloud_sdks():
    allowed = {"__main__.py"}
    violations = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for package in ("policies", "teei_finops/costing", "teei_finops/review", "functions")
        for path in modules(package)
        for line, name in imports(path)
        if (within(name, "pulumi_aws") or within(name, "pulumi_kubernetes")) and path.name not in allowed
    ]
    assert not violations


@pytest.mark.parametrize("package", ["teei_finops/costing", "teei_finops/review"])
def test_costing_and_review_import_boto3_in_one_module_only(package):
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules(package)
        for _, name in imports(path)
        if within(name, "boto3") or within(name, "botocore")
    }
    assert users <= {"teei_finops/costing/aws.py"}


def test_a_function_has_one_module_that_imports_the_database_driver():
    users: dict[str, set[str]] = {}
    for path in modules("functions"):
        if any(within(name, "psycopg") or within(name, "psycopg_pool") for _, name in imports(path)):
            users.setdefault(path.relative_to(ROOT).parts[1], set()).add(path.name)
    assert users
    assert {function: names for function, names in users.items() if len(names) > 1} == {}


def test_one_module_reads_the_stack_config():
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in [*modules("components"), ROOT / "__main__.py"]
        if re.search(r"\bpulumi\.Config\(|import (Config|CONFIG)\b", path.read_text())
    }
    assert readers == {"components/settings/load.py"}


def top_level_calls(tree: ast.Module) -> Iterator[ast.Call]:
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        if isinstance(node, ast.Call):
            yield node
        pending.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_reads_the_environment_or_creates_a_client_at_import(package):
    effects = re.compile(r"^(os\.getenv|os\.environ\.get|boto3\.\w+|socket\.\w+|psycopg\.connect)$")
    violations = [
        f"{path.relative_to(ROOT)}:{call.lineno} {ast.unparse(call.func)}"
        for path in modules(package)
        if path.name != "__main__.py"
        for call in top_level_calls(ast.parse(path.read_text()))
        if effects.match(ast.unparse(call.func))
    ]
    assert not violations


def test_no_file_names_a_package_registry():
    hosts = re.compile(
        "|".join(
            re.escape(host)
            for host in (
                "pypi" + ".org", "files.python" + "hosted.org", "proxy.golang" + ".org",
                "sum.golang" + ".org", "registry.npm" + "js.org", "deb.debian" + ".org", "crates" + ".io",
            )
        )
    )  # fmt: skip
    violations = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix not in {".png"}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if hosts.search(line)
    ]
    assert not violations


def test_every_requirement_is_pinned_by_version_and_hash():
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert requirements
    assert [line for line in requirements if "==" not in line or "--hash=sha256:" not in line] == []


def test_files_have_at_most_300_lines():
    long = {
        path.relative_to(ROOT).as_posix()
        for package in (*PACKAGES, "tests")
        for path in modules(package)
        if len(path.read_text().splitlines()) > MAX_LINES
    }
    assert long == set()


def test_folders_have_at_most_15_modules():
    folders = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in modules(package)
        if path.name != "__init__.py"
    )
    large = {folder for folder, count in folders.items() if count > MAX_MODULES}
    assert large <= REGISTRIES


def test_benchmarks_do_not_import_tests():
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules("bench")
        for _, name in imports(path)
        if within(name, "tests")
    }
    assert users == set()


def test_the_program_has_at_most_80_lines():
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 80
