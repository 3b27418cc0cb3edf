import itertools
import re

from teei_finops.review.render import html
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, sample_report


def test_the_page_is_self_contained_and_names_every_stack():
    page = html.render(sample_report())
    assert '<html lang="en">' in page
    assert "<title>Cost review: prod, staging – at least $403.65 a month (+$294.15);" in page
    assert '<meta name="viewport"' in page
    assert "@media print" in page
    assert "prefers-color-scheme" in page
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//|url\(|@import""", page)


def test_the_page_says_that_and_why_the_change_is_blocked():
    page = html.render(sample_report())
    assert "<span>Blocked by policy or budget.</span>" in page
    assert "<li>over budget: platform</li>" in page
    assert "<li>blocked by mandatory policies: database-multi-az</li>" in page


def test_the_page_shows_a_changed_property_and_the_line_of_the_program():
    page = html.render(sample_report())
    assert "<del>db.t4g.medium</del>" in page
    assert "components/ai_budget/database.py:41" in page
    assert "endpoint" in page


def test_the_page_links_to_the_documentation_of_policies_from_the_folder_it_is_written_to():
    assert 'href="../../docs/policies.md#database-multi-az"' in html.render(sample_report())


def test_a_resource_name_cannot_break_the_page():
    page = html.render(sample_report())
    assert "<b>name</b>" not in page
    assert "odd|&lt;b&gt;name&lt;/b&gt;" in page


def test_an_unpriced_resource_is_never_shown_as_an_amount():
    page = html.render(sample_report())
    table = page[page.index("Changes in staging") :]
    row = table[table.index("odd|") :].partition("</tr>")[0]
    assert "type unknown" in row
    assert "$" not in row


def test_the_waterfall_ends_at_the_total_change():
    bars = html.waterfall(sample_report())
    assert bars[-1].kind == "total"
    assert bars[-1].value == "+$294.15"
    assert all(bar.start >= 0 and bar.start + bar.width <= 100.001 for bar in bars)
    for previous, bar in itertools.pairwise(bars[:-1]):
        edges = (bar.start, bar.start + bar.width)
        assert any(
            abs(edge - end) < 0.01
            for edge in edges
            for end in (previous.start, previous.start + previous.width)
        )


def test_the_page_says_where_a_stack_does_not_change():
    page = html.render(sample_report(plan=[], resources=[], verdict="pass", budgets=[]))
    assert page.count("No changes.") == 2


def test_the_page_mentions_policies_only_where_a_pack_checked_the_plan():
    assert 'id="policies"' not in html.render(sample_report(policy=NO_POLICY_RESULTS))
    checked = NO_POLICY_RESULTS | {"packs": {"teei-finops": "1"}}
    assert "No violations." in html.render(sample_report(policy=checked))
