"""Checks objects of the Prometheus Operator against its custom resource definitions."""

import json
from functools import cache
from pathlib import Path

from jsonschema.validators import Draft202012Validator

CRDS = Path(__file__).parent / "crds"


def strict(schema):
    """The schema, also rejecting the fields that the API server would drop without an error."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("pattern"), str):
        result["pattern"] = schema["pattern"].replace("(?i)", "")  # Python has it at the start only
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        result["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
    return result


@cache
def definitions():
    """(apiVersion, schema of the spec) by kind."""
    documents = [json.loads(path.read_text()) for path in CRDS.glob("*.json")]
    return {item["kind"]: (item["apiVersion"], strict(item["spec"])) for item in documents}


def errors(manifest):
    """The fields that the definition of the object's kind does not allow."""
    version, schema = definitions()[manifest["kind"]]
    assert manifest["apiVersion"] == version
    spec = json.loads(json.dumps(manifest["spec"]))
    problems = schema_errors(schema, spec)
    if manifest["kind"] == "AlertmanagerConfig":  # child routes have no schema in the definition
        children = list(spec["route"].get("routes", []))
        while children:
            child = children.pop()
            children += child.get("routes", [])
            problems += schema_errors(schema["properties"]["route"], child)
    return problems


def schema_errors(schema, value):
    return [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)
    ]
