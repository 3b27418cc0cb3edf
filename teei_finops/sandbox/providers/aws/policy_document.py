"""IAM policy documents from the arguments of `aws.iam.get_policy_document`, as the provider writes them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from teei_finops.sandbox.providers.aws.identifiers import digest


class PolicyDocumentError(Exception):
    """The statements cannot form one document."""


def policy_document(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The result of `aws.iam.get_policy_document`; a list of one value is written as the value.

    Raises PolicyDocumentError when two statements have the same Sid.
    """
    statements: list[dict[str, Any]] = []
    for text in arguments.get("sourcePolicyDocuments") or []:
        statements.extend(_as_list(json.loads(text).get("Statement")))
    statements.extend(_statement(item) for item in arguments.get("statements") or [])
    for text in arguments.get("overridePolicyDocuments") or []:
        overriding = _as_list(json.loads(text).get("Statement"))
        overridden = {item["Sid"] for item in overriding if item.get("Sid")}
        statements = [item for item in statements if item.get("Sid") not in overridden] + overriding
    ids = [item["Sid"] for item in statements if item.get("Sid")]
    duplicates = sorted({sid for sid in ids if ids.count(sid) > 1})
    if duplicates:
        raise PolicyDocumentError(f"duplicate Sid {', '.join(duplicates)}; give each statement its own")
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = statements
    text = json.dumps(document, indent=2)
    return {
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        "id": digest(text, ""),
    }


def _statement(item: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if item.get("sid"):
        result["Sid"] = item["sid"]
    result["Effect"] = item.get("effect") or "Allow"
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if item.get(key):
            result[name] = _one_or_list([_with_variables(value) for value in item[key]])
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(key):
            result[name] = _principals(item[key])
    if item.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for condition in item["conditions"]:
            variable = _with_variables(condition["variable"])
            values = [_with_variables(value) for value in condition["values"]]
            conditions.setdefault(condition["test"], {})[variable] = _one_or_list(values)
        result["Condition"] = conditions
    return result


def _principals(principals: Sequence[Mapping[str, Any]]) -> Any:
    if any(item["type"] == "*" and item["identifiers"] == ["*"] for item in principals):
        return "*"
    identifiers: dict[str, list[str]] = {}
    for item in principals:
        identifiers.setdefault(item["type"], []).extend(item["identifiers"])
    return {kind: _one_or_list(sorted(names, reverse=True)) for kind, names in sorted(identifiers.items())}


def _with_variables(text: Any) -> Any:
    """The text with IAM policy variables, which programs write as `&{aws:username}`, in IAM's form `${…}`."""
    return text.replace("&{", "${") if isinstance(text, str) else text


def _one_or_list(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
