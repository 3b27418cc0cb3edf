"""Imports the SDK modules that a program uses, before the subprocesses that run it are forked."""

import ast
import gc
import importlib
from collections.abc import Iterator
from pathlib import Path

_SDKS = ("pulumi_aws", "pulumi_kubernetes")
_SKIPPED_DIRECTORIES = frozenset({"build", "tests", "bench", "policies", "node_modules"})
# Used by the fake providers and slow to import.
_PROVIDER_MODULES = (
    "teei_finops.sandbox.providers.sdk_schema",
    "kubernetes_validate.utils",
    "jsonschema.validators",
)


def preload_sdk_modules(directory: Path) -> None:
    """Import the modules of the provider SDKs that the Python files in a directory name."""
    importlib.import_module("pulumi")
    for name in sorted({module for file in _python_files(directory) for module in _sdk_modules(file)}):
        try:
            module = importlib.import_module(name)
        except ImportError:  # the name of a class, or a mistake that the program will report
            continue
        dir(module)
        getattr(module, "__all__", None)  # the SDK imports a module when its first attribute is read
    for name in _PROVIDER_MODULES:
        importlib.import_module(name)
    gc.freeze()  # garbage collection in a subprocess would otherwise copy the shared memory


def _python_files(directory: Path) -> Iterator[Path]:
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.name in _SKIPPED_DIRECTORIES:
            continue
        if entry.suffix == ".py":
            yield entry
        elif entry.is_dir() and (entry / "__init__.py").exists():
            yield from sorted(entry.rglob("*.py"))


def _sdk_modules(file: Path) -> Iterator[str]:
    """The names in a file that may be SDK modules, such as `pulumi_kubernetes.apps.v1`."""
    text = file.read_text(errors="replace")
    if not any(sdk in text for sdk in _SDKS):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:  # the program will report it
        return
    imported: dict[str, str] = {}
    for local_name, module in _sdk_imports(tree):
        imported[local_name] = module
        yield module
    for node in ast.walk(tree):
        names = _attribute_chain(node)
        if names and names[0] in imported:
            path = [imported[names[0]], *(name for name in names[1:] if name[:1].islower())]
            yield ".".join(path[:3])
            yield ".".join(path[:2])


def _sdk_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(local name, module) of each import from an SDK."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package = alias.name.split(".")[0]
                if package in _SDKS:
                    yield (alias.asname, alias.name) if alias.asname else (package, package)
                    if not alias.asname and alias.name != package:
                        yield alias.name, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in _SDKS:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _attribute_chain(node: ast.AST) -> list[str]:
    """`["aws", "s3", "Bucket"]` for the expression `aws.s3.Bucket`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) and names else []
