import json
from pathlib import Path
from typing import Any

import jsonschema

from teei_finops.review.render import sarif
from teei_finops.review.report_schema import Report
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, sample_report

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"


def valid_run(report: Report) -> dict[str, Any]:
    """The run of the SARIF log, which is checked against its schema."""
    log = json.loads(sarif.render(report))
    jsonschema.validate(log, json.loads(SCHEMA.read_text()))
    (run,) = log["runs"]
    return run


def test_a_result_has_the_level_and_the_source_line_of_its_finding():
    results = valid_run(sample_report())["results"]
    assert (results[0]["ruleId"], results[0]["level"]) == ("database-multi-az", "error")
    location = results[0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "components/ai_budget/database.py"
    assert location["region"]["startLine"] == 41


def test_every_finding_is_a_result_of_its_rule():
    run = valid_run(sample_report())
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == [
        "database-multi-az",
        "prefer-gp3",
        "cost-within-budget",
        "resource-priced",
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_rules_of_the_review_are_listed_without_findings_too():
    run = valid_run(sample_report(resources=[], budgets=[], plan=[], policy=NO_POLICY_RESULTS))
    assert run["results"] == []
    rules = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in run["tool"]["driver"]["rules"]}
    assert rules == {"cost-within-budget": "error", "resource-priced": "note", "preview-complete": "error"}


def test_the_policies_of_the_pack_are_listed_without_results_too():
    results = sample_report()["policy"]
    run = valid_run(sample_report(resources=[], budgets=[], plan=[], policy=results | {"violations": []}))
    assert run["results"] == []
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["database-multi-az"] == {
        "id": "database-multi-az",
        "shortDescription": {"text": "Production databases must be Multi-AZ."},
        "help": {"text": "Set multi_az to True. See docs/policies.md#database-multi-az."},
        "defaultConfiguration": {"level": "error"},
    }
    assert rules["log-retention"]["help"] == {"text": "Set retention_in_days."}
    assert rules["log-retention"]["defaultConfiguration"] == {"level": "warning"}


def test_a_violation_of_a_pack_without_a_report_file_has_a_rule_of_its_own():
    rules = {rule["id"]: rule for rule in valid_run(sample_report())["tool"]["driver"]["rules"]}
    assert rules["prefer-gp3"] == {
        "id": "prefer-gp3",
        "shortDescription": {"text": "prefer gp3"},
        "help": {"text": "See docs/policies.md#prefer-gp3."},
        "defaultConfiguration": {"level": "warning"},
    }
