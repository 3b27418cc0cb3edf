"""Every format says what the document says, and is valid for those that read it."""

import itertools
import json
import re
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import xmlschema

from teei_finops.review.render import html, junit, markdown, money, sarif, table
from tests.teei_finops.review.review_document import ZERO, document, ends, resource

SCHEMAS = Path(__file__).parent / "schemas"
SILENT = {"violations": [], "exemptions": [], "not_applicable": []}


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "$0.00"),
        ("1234.565", "$1,234.57"),
        ("-3", "−$3.00"),
        ("0.0001", "<$0.01"),
        ("-0.0001", "−<$0.01"),
    ],
)
def test_an_amount_that_is_not_zero_is_never_written_as_zero(amount, written):
    assert money.dollars(amount) == written


def test_a_range_is_written_with_its_ends_only_where_they_differ():
    assert money.spread(ends("1", "2", "3")) == "$2.00 ($1.00 to $3.00)"
    assert money.spread(ends("2")) == "$2.00"


def many(count: int) -> dict:
    rows = [
        resource(
            "prod",
            "aws:quantum/thing:Thing",
            f"thing-{at}",
            "create",
            "unpriced",
            None,
            None,
            reason="type unknown",
        )
        if at % 3
        else resource(
            "prod", "aws:sqs/queue:Queue", f"queue-{at}", "create", "usage", ZERO, ends("0", "1", "2")
        )
        for at in range(count)
    ]
    return document(resources=rows, plan=[])


def test_the_comment_begins_with_its_marker_and_the_change():
    lines = markdown.render(document()).splitlines()
    assert lines[0] == "<!-- teei-finops cost review -->"
    assert lines[1] == "## Cost review: +$294.15 a month (+268.6 %)"


def test_the_comment_lists_the_largest_change_first_and_names_the_unpriced():
    text = markdown.render(document())
    table = text[text.index("What changes") :]
    assert table.index("**ledger**") < table.index("**scratch**") < table.index("**tracks**")
    assert "type unknown: aws:quantum/thing:Thing" in text
    assert "db.t4g.medium → db.r7g.large" in text


def test_the_comment_puts_what_blocks_first():
    text = markdown.render(document())
    assert text.index("database-multi-az") < text.index("prefer-gp3")
    assert "](../blob/HEAD/docs/policies.md#database-multi-az)" in text


def test_the_comment_lists_a_change_of_the_high_end_alone():
    before, after = ends("10", "20", "30"), ends("10", "20", "60")
    doubled = resource("prod", "aws:eks/nodeGroup:NodeGroup", "nodes", "update", "priced", before, after)
    text = markdown.render(document(resources=[doubled], plan=[]))
    assert "| ~ update | **nodes**" in text
    assert "$0.00 ($0.00 to +$30.00)" in text


def test_a_name_cannot_break_the_comment():
    text = markdown.render(document())
    assert "<b>name" not in text
    assert r"odd\|&lt;b>name&lt;/b>" in text


def test_the_comment_of_ten_thousand_resources_stays_below_the_limit_of_github_and_counts_the_rest():
    text = markdown.render(many(10_000))
    assert len(text) < 65_536
    shown = text.count("| + create |")
    assert shown > 20
    assert f"… and {10_000 - shown} more." in text


def test_the_page_is_self_contained_and_names_every_stack():
    page = html.render(document())
    assert '<html lang="en">' in page
    assert re.search(r"<title>Cost review: prod, staging – \+\$294\.15 a month</title>", page)
    assert '<meta name="viewport"' in page
    assert "@media print" in page
    assert "prefers-color-scheme" in page
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//|url\(|@import""", page)


def test_the_page_shows_the_property_that_changes_and_the_line_of_the_program():
    page = html.render(document())
    assert "<del>db.t4g.medium</del>" in page
    assert "components/ai_budget/database.py:41" in page
    assert "endpoint" in page


def test_the_page_links_to_the_page_about_the_policies_from_where_it_is_written():
    assert 'href="../../docs/policies.md#database-multi-az"' in html.render(document())


def test_a_name_cannot_break_the_page():
    page = html.render(document())
    assert "<b>name</b>" not in page
    assert "odd|&lt;b&gt;name&lt;/b&gt;" in page


def test_an_unpriced_resource_is_never_shown_as_an_amount():
    page = html.render(document())
    row = page[page.index("odd|") :]
    assert "type unknown" in row[: row.index("</tr>")]
    assert "$0.00" not in row[: row.index("</tr>")]


def test_the_waterfall_ends_at_the_total_change():
    bars = html.waterfall(document())
    assert bars[-1].kind == "total"
    assert bars[-1].value == "+$294.15"
    assert all(bar.start >= 0 and bar.start + bar.width <= 100.001 for bar in bars)
    for before, after in itertools.pairwise(bars[:-1]):
        edges = (after.start, after.start + after.width)
        assert any(
            abs(edge - at) < 0.01 for edge in edges for at in (before.start, before.start + before.width)
        )


def test_the_page_without_changes_says_so():
    page = html.render(document(plan=[], resources=[], verdict="pass", budgets=[]))
    assert page.count("No change.") == 2


def test_the_sarif_is_valid_and_points_at_the_line():
    log = json.loads(sarif.render(document()))
    jsonschema.validate(log, json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    results = log["runs"][0]["results"]
    first = results[0]
    assert (first["ruleId"], first["level"]) == ("database-multi-az", "error")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "components/ai_budget/database.py"
    assert place["region"]["startLine"] == 41
    assert {result["ruleId"] for result in results} == {
        "database-multi-az", "prefer-gp3", "cost-within-budget", "resource-priced",
    }  # fmt: skip


def test_the_sarif_without_findings_is_valid():
    clean = document(
        resources=[], budgets=[], plan=[], policy={"violations": [], "exemptions": [], "not_applicable": []}
    )
    log = json.loads(sarif.render(clean))
    jsonschema.validate(log, json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    assert log["runs"][0]["results"] == []


@pytest.fixture(scope="module")
def junit_schema():
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


def test_the_junit_is_valid_and_counts_its_failures(junit_schema):
    text = junit.render(document())
    junit_schema.validate(text)
    suites = junit_schema.to_dict(text)["testsuite"]
    assert [suite["@name"] for suite in suites] == ["prod", "staging", "change"]
    assert [suite["@failures"] for suite in suites] == ["1", "0", "1"]


def test_the_junit_survives_control_characters(junit_schema):
    odd = document()
    odd["policy"]["violations"][0]["message"] = "a\x00b\x1b[31m & <c>"
    junit_schema.validate(junit.render(odd))


def test_the_junit_without_findings_passes(junit_schema):
    clean = document(
        resources=[], budgets=[], plan=[], policy={"violations": [], "exemptions": [], "not_applicable": []}
    )
    text = junit.render(clean)
    junit_schema.validate(text)
    assert "failure" not in text.replace('failures="0"', "")


def test_nothing_is_said_of_policies_when_no_pack_judged_the_plan():
    assert "Policies" not in markdown.render(document(policy=SILENT))
    assert "Policies" not in html.render(document(policy=SILENT))
    judged = SILENT | {"packs": {"teei-finops": "1"}}
    assert "Policies: 0 mandatory" in markdown.render(document(policy=judged))
    assert "No violation." in html.render(document(policy=judged))


def test_the_table_ends_with_totals_and_the_verdict():
    lines = table.render(document()).splitlines()
    assert lines[-1] == "verdict: fail"
    assert lines[-2].startswith("change +$294.15 (+$293.75 to +$297.75) a month")
    assert any(line.startswith("unpriced odd") for line in lines)


def test_the_document_of_the_tests_adds_up():
    made = document()
    total = sum((Decimal(row["after"]["expected"]) for row in made["resources"] if row["after"]), Decimal(0))
    assert Decimal(made["after"]["expected"]) == total
