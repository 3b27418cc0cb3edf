"""The findings of the review as SARIF 2.1.0, as GitHub code scanning reads it."""

from __future__ import annotations

import json
from typing import Any

from teei_finops.review.render.findings import RULES, Finding, findings, level_of
from teei_finops.review.report_schema import PolicyRule, Report

# GitHub shows only results that have a location; those without a source line get the program's first line.
PROGRAM = "__main__.py"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report) -> str:
    """One run with all rules of the review and of the policy packs, and a result for each finding."""
    results = list(findings(report))
    rules = {rule.id: _rule(rule.id, rule.description, rule.help, rule.level) for rule in RULES}
    rules |= {policy["id"]: _policy_rule(policy) for policy in report["policy"]["rules"]}
    for finding in results:
        rules.setdefault(finding.rule, _rule_of_finding(finding))
    positions = {rule: position for position, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "teei-finops", "rules": list(rules.values())}},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "results": [_result(finding, positions) for finding in results],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: str, description: str, help_text: str, level: str) -> dict[str, Any]:
    return {
        "id": rule,
        "shortDescription": {"text": description},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": level},
    }


def _policy_rule(policy: PolicyRule) -> dict[str, Any]:
    help_text = f"{policy['fix']} See {policy['page']}." if policy["page"] else policy["fix"]
    return _rule(policy["id"], policy["description"], help_text, level_of(policy["level"]))


def _rule_of_finding(finding: Finding) -> dict[str, Any]:
    """The rule of a pack without a report file, of which only the violation is known."""
    help_text = f"See {finding.page}." if finding.page else "See the message of each result."
    return _rule(finding.rule, finding.rule.replace("-", " "), help_text, finding.level)


def _result(finding: Finding, positions: dict[str, int]) -> dict[str, Any]:
    source = finding.source or {"file": PROGRAM, "line": 1}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": source["file"], "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": max(source["line"], 1)},
        }
    }
    if finding.urn:
        location["logicalLocations"] = [
            {"name": finding.name, "fullyQualifiedName": finding.urn, "kind": "resource"}
        ]
    result = {
        "ruleId": finding.rule,
        "ruleIndex": positions[finding.rule],
        "level": finding.level,
        "message": {"text": f"{finding.stack}: {finding.message}" if finding.stack else finding.message},
        "locations": [location],
        "partialFingerprints": {"resource/v1": f"{finding.rule}:{finding.urn or finding.name}"},
    }
    if finding.in_base is not None:
        result["baselineState"] = "unchanged" if finding.in_base else "new"
    return result
