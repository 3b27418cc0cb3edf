from pathlib import Path
from typing import Any

import pytest
import xmlschema

from teei_finops.review.render import junit
from teei_finops.review.report_schema import Report
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, sample_report


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema(str(Path(__file__).parent / "schemas" / "junit-10.xsd"))


def valid_suites(schema: xmlschema.XMLSchema, report: Report) -> list[dict[str, Any]]:
    """The test suites of the XML, which is checked against its schema."""
    text = junit.render(report)
    schema.validate(text)
    return schema.to_dict(text)["testsuite"]


def test_errors_are_failures_of_the_suite_of_their_stack(schema):
    suites = valid_suites(schema, sample_report())
    assert [(suite["@name"], suite["@failures"]) for suite in suites] == [
        ("prod", "1"),
        ("staging", "0"),
        ("change", "1"),
    ]


def test_warnings_and_notes_are_skipped_cases(schema):
    suites = {suite["@name"]: suite for suite in valid_suites(schema, sample_report())}
    assert suites["prod"]["@skipped"] == "1"
    assert suites["staging"]["@skipped"] == "1"


def test_control_characters_in_a_message_are_replaced(schema):
    report = sample_report()
    del report["policy"]["violations"][0]["saves"]
    report["policy"]["violations"][0]["message"] = "a\x00b\x1b[31m & <c>"
    suites = valid_suites(schema, report)
    assert suites[0]["system-out"] == ["warning: a b [31m & <c>"]


def test_a_report_without_findings_has_one_passed_case_for_each_stack(schema):
    suites = valid_suites(schema, sample_report(resources=[], budgets=[], plan=[], policy=NO_POLICY_RESULTS))
    assert [(suite["@tests"], suite["@failures"], suite["@skipped"]) for suite in suites] == [
        ("1", "0", "0"),
        ("1", "0", "0"),
    ]
