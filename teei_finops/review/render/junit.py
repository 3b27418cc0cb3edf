"""The findings of the review as JUnit XML, valid for the Jenkins and the Ant schema.

One suite a stack (one more for what belongs to no stack), one case a finding: an error is a failure, a
warning or a note is a skipped case. A suite without findings holds one case that passed.
"""

import xml.etree.ElementTree as ET

from teei_finops.review.render import view
from teei_finops.review.render.findings import Finding, findings

WHOLE = "change"
# Neither schema takes control characters, and XML 1.0 cannot write them.
CONTROLS = {code: " " for code in range(32) if chr(code) not in "\t\n\r"}


def printable(text: str) -> str:
    return text.translate(CONTROLS)


def case(suite: ET.Element, name: str, finding: Finding | None) -> None:
    group = printable(finding.rule) if finding else "review"
    made = ET.SubElement(suite, "testcase", name=printable(name), classname=group, time="0")
    if finding is None:
        return
    where = f"{finding.file}:{finding.line}: " if finding.file else ""
    text = printable(f"{where}{finding.message}")
    if finding.level == "error":
        ET.SubElement(made, "failure", message=text, type=group).text = printable(finding.urn or text)
    else:
        ET.SubElement(made, "skipped")


def suite(parent: ET.Element, at: int, name: str, timestamp: str, found: list[Finding]) -> None:
    failures = sum(finding.level == "error" for finding in found)
    made = ET.SubElement(
        parent, "testsuite", name=printable(name), package="teei-finops", id=str(at), hostname="localhost",
        timestamp=timestamp, tests=str(max(len(found), 1)), failures=str(failures), errors="0",
        skipped=str(len(found) - failures), time="0",
    )  # fmt: skip
    ET.SubElement(made, "properties")
    if not found:
        case(made, f"{name} has no findings", None)
    for finding in found:
        case(made, f"{finding.rule} {finding.name}", finding)
    notes = [f"{finding.level}: {finding.message}" for finding in found if finding.level != "error"]
    ET.SubElement(made, "system-out").text = printable("\n".join(notes))
    ET.SubElement(made, "system-err")


def render(document: view.Document) -> str:
    """The XML; its time stamp is the day of the review."""
    found = list(findings(document))
    stacks = [stack["stack"] for stack in document["stacks"]]
    root = ET.Element("testsuites")
    stamp = f"{document['review_date']}T00:00:00"
    names = [*stacks, *sorted({finding.stack or WHOLE for finding in found} - set(stacks))]
    for at, name in enumerate(names):
        suite(root, at, name, stamp, [finding for finding in found if (finding.stack or WHOLE) == name])
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
