"""Which outputs of other stacks a program reads, and which of their items, from its source."""

import ast
from collections.abc import Mapping
from typing import TypeAlias

# What is read of a value, by key or index: of `{"db": {"host": {}}}`, the item `host` of the output `db`.
Reads: TypeAlias = dict[str | int, "Reads"]
Path: TypeAlias = tuple[str | int, ...]

_METHODS = ("get_output", "require_output", "get_output_details")


def output_reads(source: bytes, reads: Reads) -> None:
    """Add what a file reads with `get_output`, `require_output` or `outputs` of a stack reference.

    Items are followed through subscripts, `get`, variables and functions of `apply`. A file that is not
    valid Python is left out: running it shows the error.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    variables: dict[str, Path] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            path = _path(node.value, variables)
            if path:
                variables[node.targets[0].id] = path
    _add(tree, variables, reads)


def _add(tree: ast.AST, variables: Mapping[str, Path], reads: Reads) -> None:
    for node in ast.walk(tree):
        nested = reads
        for key in _path(node, variables) or ():
            nested = nested.setdefault(key, {})
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply":
            path, function = _path(node.func.value, variables), _argument(node)
            if path is not None and isinstance(function, ast.Lambda) and function.args.args:
                _add(function.body, {function.args.args[0].arg: path}, reads)


def _path(node: ast.expr | ast.AST, variables: Mapping[str, Path]) -> Path | None:
    """The output that an expression reads and the keys of its items; empty for all outputs of a stack."""
    if isinstance(node, ast.Name):
        return variables.get(node.id)
    if isinstance(node, ast.Attribute):
        return () if node.attr == "outputs" else None
    if isinstance(node, ast.Subscript):
        return _item(node.value, node.slice, variables)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = _argument(node)
        if node.func.attr in _METHODS and isinstance(name, ast.Constant) and isinstance(name.value, str):
            return (name.value,)
        if node.func.attr == "get" and name is not None:
            return _item(node.func.value, name, variables)
    return None


def _item(value: ast.expr, key: ast.expr, variables: Mapping[str, Path]) -> Path | None:
    path = _path(value, variables)
    if path is None or not isinstance(key, ast.Constant) or not isinstance(key.value, str | int):
        return None
    return (*path, key.value)


def _argument(call: ast.Call) -> ast.expr | None:
    """The first argument of a call, by position or by the name `name`."""
    named = (keyword.value for keyword in call.keywords if keyword.arg == "name")
    return call.args[0] if call.args else next(named, None)
