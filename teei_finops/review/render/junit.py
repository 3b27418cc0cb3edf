"""The findings of the review as JUnit XML, valid for the Jenkins and the Ant schema.

One suite for each stack (and one for findings that concern no single stack), one case for each finding: an
error is a failure, a warning or a note is a skipped case. A suite without findings has one case that passed.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from teei_finops.review.render.findings import Finding, findings
from teei_finops.review.render.view import source_text
from teei_finops.review.report_schema import Report

NO_STACK = "change"  # the suite of findings that concern no single stack
# XML 1.0 has no way to write these control characters.
CONTROL_CHARACTERS = {code: " " for code in range(32) if chr(code) not in "\t\n\r"}


def render(report: Report) -> str:
    """The XML; its time stamp is the day of the review."""
    by_suite: dict[str, list[Finding]] = {stack["stack"]: [] for stack in report["stacks"]}
    for finding in sorted(findings(report), key=lambda finding: finding.stack or NO_STACK):
        by_suite.setdefault(finding.stack or NO_STACK, []).append(finding)
    root = ET.Element("testsuites")
    timestamp = f"{report['review_date']}T00:00:00"
    for position, (name, suite_findings) in enumerate(by_suite.items()):
        _add_suite(root, position, name, timestamp, suite_findings)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(
    root: ET.Element, position: int, name: str, timestamp: str, suite_findings: list[Finding]
) -> None:
    failures = sum(finding.level == "error" for finding in suite_findings)
    suite = ET.SubElement(
        root, "testsuite", name=_printable(name), package="teei-finops", id=str(position),
        hostname="localhost", timestamp=timestamp, tests=str(max(len(suite_findings), 1)),
        failures=str(failures), errors="0", skipped=str(len(suite_findings) - failures), time="0",
    )  # fmt: skip
    ET.SubElement(suite, "properties")
    if not suite_findings:
        ET.SubElement(
            suite, "testcase", name=f"{_printable(name)} has no findings", classname="review", time="0"
        )
    for finding in suite_findings:
        _add_case(suite, finding)
    notes = [f"{finding.level}: {finding.message}" for finding in suite_findings if finding.level != "error"]
    ET.SubElement(suite, "system-out").text = _printable("\n".join(notes))
    ET.SubElement(suite, "system-err")


def _add_case(suite: ET.Element, finding: Finding) -> None:
    rule = _printable(finding.rule)
    case = ET.SubElement(
        suite, "testcase", name=_printable(f"{finding.rule} {finding.name}"), classname=rule, time="0"
    )
    if finding.level != "error":
        ET.SubElement(case, "skipped")
        return
    source = f"{source_text(finding.source)}: " if finding.source else ""
    message = _printable(f"{source}{finding.message}")
    ET.SubElement(case, "failure", message=message, type=rule).text = _printable(finding.urn) or message


def _printable(text: str) -> str:
    return text.translate(CONTROL_CHARACTERS)
