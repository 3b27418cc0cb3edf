"""The findings of the review as SARIF 2.1.0, as GitHub code scanning reads it."""

import json
from typing import Any

from teei_finops.review.render import view
from teei_finops.review.render.findings import Finding, findings

# GitHub shows a result only with a place in a file; what has none is shown at the program's first line.
PROGRAM = "__main__.py"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def rule(finding: Finding) -> dict[str, Any]:
    made: dict[str, Any] = {"id": finding.rule, "shortDescription": {"text": finding.rule.replace("-", " ")}}
    if finding.page:
        made["help"] = {"text": f"See {finding.page}."}
    return made


def result(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": finding.file or PROGRAM, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": max(finding.line, 1)},
    }
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.urn:
        location["logicalLocations"] = [
            {"name": finding.name, "fullyQualifiedName": finding.urn, "kind": "resource"}
        ]
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "level": finding.level,
        "message": {"text": f"{finding.stack}: {finding.message}" if finding.stack else finding.message},
        "locations": [location],
        "partialFingerprints": {"resource/v1": f"{finding.rule}:{finding.urn or finding.name}"},
    }


def render(document: view.Document) -> str:
    """One run with a rule for each kind of finding. Without findings the run has no results."""
    found = list(findings(document))
    rules = {finding.rule: rule(finding) for finding in found}
    order = {name: at for at, name in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "teei-finops", "rules": list(rules.values())}},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "results": [result(finding, order) for finding in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"
