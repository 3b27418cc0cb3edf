import json

import pytest

from teei_finops.errors import UserError
from teei_finops.policy_report import (
    ExemptionInForce,
    PolicyReport,
    Remedy,
    ReportedRule,
    ReportedViolation,
    UndeterminedProperty,
    read,
    write,
)

REPORT = PolicyReport(
    pack="finops",
    pack_version="1.2",
    rules=[ReportedRule("queue-tags", "Queues need tags.", "Add tags.", "advisory", "low", "page#tags")],
    violations=[
        ReportedViolation(
            policy="queue-tags", level="advisory", severity="low", urn="urn:q", name="q", type="t",
            property="tags", value={"a": [1, None]}, what="no team", fix="add team", page="p", message="é",
        ),
        ReportedViolation(
            policy="queue-cost", level="advisory", severity="low", urn="urn:q", name="q", type="t",
            property="", value=None, what="is not used", fix="delete it", page="p", message="m",
            remedy=Remedy({"size": 1}, merges=("urn:a",)),
        ),
    ],
    undetermined=[UndeterminedProperty("queue-tags", "urn:r", "r", "t", "tags", "is unknown until deploy")],
    exemptions=[ExemptionInForce("queue-tags", "m*", "o", "r", "2026-12-01", 7, ("urn:m", "urn:n"))],
)  # fmt: skip


def test_a_report_that_is_written_can_be_read_again(tmp_path):
    file = tmp_path / "report.json"
    write(REPORT, file)
    assert read(file.read_text("utf-8"), "report.json") == REPORT
    assert list(tmp_path.iterdir()) == [file]


def test_the_file_has_the_documented_keys(tmp_path):
    write(REPORT, tmp_path / "report.json")
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert list(document) == ["version", "pack", "rules", "violations", "undetermined", "exemptions"]
    assert (document["version"], document["pack"]) == (3, {"name": "finops", "version": "1.2"})
    assert document["exemptions"][0]["urns"] == ["urn:m", "urn:n"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 3}', "null"])
def test_a_file_that_is_no_report_is_an_error_with_its_name(text):
    with pytest.raises(
        UserError, match=r"^dev: is not a policy report \(.*TEEI_FINOPS_POLICY_REPORT is set$"
    ):
        read(text, "dev")


def test_a_report_of_another_version_is_an_error():
    with pytest.raises(UserError, match=r"^dev: is a policy report of version 2, not 3; use the policy pack"):
        read('{"version": 2}', "dev")


def test_a_report_with_a_field_too_many_is_an_error(tmp_path):
    write(REPORT, tmp_path / "report.json")
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    document["rules"][0]["color"] = "red"
    with pytest.raises(UserError, match="color"):
        read(json.dumps(document), "dev")
