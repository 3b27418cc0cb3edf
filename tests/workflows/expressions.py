"""The expressions of GitHub Actions that our workflows use: paths, text, comparisons, status functions."""

import re
from collections.abc import Mapping
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*('[^']*'|[A-Za-z_][\w.-]*|==|!=|&&|\|\||[!()])")
_OPERATORS = {"&&": " and ", "||": " or ", "!": " not ", "==": "==", "!=": "!=", "(": "(", ")": ")"}
_STATUS = ("success", "failure", "cancelled", "always")


def evaluate(expression: str, contexts: Mapping[str, Any], *, failed: bool = False) -> Any:
    """The value of what is between `${{` and `}}`. Raises ValueError for what is not supported."""
    python, rest = "", expression.strip()
    while rest:
        token = _TOKEN.match(rest)
        if token is None:
            raise ValueError(f"not supported in an expression: {rest}")
        text, rest = token[1], rest[token.end() :]
        if text in _OPERATORS:
            python += _OPERATORS[text]
        elif text.startswith("'") or text in _STATUS:
            python += text
        else:
            python += f"value({text!r})"
    functions = {
        "success": lambda: not failed,
        "failure": lambda: failed,
        "cancelled": lambda: False,
        "always": lambda: True,
        "value": lambda path: _value(path, contexts),
    }
    return eval(python, {"__builtins__": {}}, functions)


def text(template: object, contexts: Mapping[str, Any]) -> str:
    """A text of a workflow with its expressions replaced."""
    return _EXPRESSION.sub(lambda match: str(evaluate(match[1], contexts)), str(template))


def condition(template: str | None, contexts: Mapping[str, Any], *, failed: bool) -> bool:
    """Whether a step or job with this `if` runs; without a status function it runs after successes only."""
    if template is None:
        return not failed
    match = _EXPRESSION.fullmatch(template.strip())
    expression = match[1] if match else template
    runs_after_a_failure = any(f"{function}()" in expression for function in _STATUS)
    return bool(evaluate(expression, contexts, failed=failed)) and (runs_after_a_failure or not failed)


def _value(path: str, contexts: Mapping[str, Any]) -> Any:
    """As GitHub: a context must exist, and a missing key below it is the empty text."""
    first, *keys = path.split(".")
    value: Any = contexts[first]
    for key in keys:
        value = value.get(key, "") if isinstance(value, Mapping) else ""
    return value
