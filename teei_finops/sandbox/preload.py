"""Imports what a program will use once, before the processes that run it are forked."""

import ast
import gc
import importlib
from collections.abc import Iterator
from pathlib import Path

_SDKS = ("pulumi_aws", "pulumi_kubernetes")
_NOT_PROGRAMS = frozenset({"build", "tests", "bench", "policies", "node_modules"})


def preload_sdk_modules(directory: Path) -> None:
    """Import the modules of the provider SDKs that the Python files of a directory name."""
    importlib.import_module("pulumi")
    for name in sorted({module for file in _python_files(directory) for module in _sdk_modules(file)}):
        try:
            module = importlib.import_module(name)
        except ImportError:  # a class, or a name that only exists elsewhere: the program will tell
            continue
        dir(module)
        getattr(module, "__all__", None)  # the SDK loads a module when its first name is read
    for name in (
        "teei_finops.sandbox.providers.aws.schema",
        "kubernetes_validate.utils",
        "jsonschema.validators",
    ):
        importlib.import_module(name)
    gc.freeze()  # collections in the forks leave alone what they share


def _python_files(directory: Path) -> Iterator[Path]:
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.name in _NOT_PROGRAMS:
            continue
        if entry.suffix == ".py":
            yield entry
        elif entry.is_dir() and (entry / "__init__.py").exists():
            yield from sorted(entry.rglob("*.py"))


def _sdk_modules(file: Path) -> Iterator[str]:
    """Dotted module names such as `pulumi_kubernetes.apps.v1` that a file's text stands for."""
    text = file.read_text(errors="replace")
    if not any(sdk in text for sdk in _SDKS):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:  # the program will tell
        return
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.name.split(".")[0] in _SDKS:
                    yield item.name
                    names[item.asname or item.name.split(".")[0]] = (
                        item.name if item.asname else item.name.split(".")[0]
                    )
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in _SDKS:
            for item in node.names:
                names[item.asname or item.name] = f"{node.module}.{item.name}"
                yield f"{node.module}.{item.name}"
    for node in ast.walk(tree):
        chain = _attributes(node)
        if chain and chain[0] in names:
            full = [names[chain[0]], *(part for part in chain[1:] if part[:1].islower())]
            yield ".".join(full[:3])
            yield ".".join(full[:2])


def _attributes(node: ast.AST) -> list[str]:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) and parts else []
