"""The headline: the same in every format, and no percentage of a total that misses something."""

import html as html_text

import pytest

from teei_finops.review.render import render
from teei_finops.review.render.headline import headline
from tests.teei_finops.review.sample_report import ZERO, amount, resource, sample_report

ROWS = sample_report()["resources"]
PRICED = [row for row in ROWS if row["state"] != "unpriced"]


def test_a_change_of_priced_resources_is_shown_with_its_percentage():
    assert headline(sample_report(resources=PRICED)) == "+$294.15 a month (+268.6 %)"


def test_totals_of_the_change_alone_have_no_percentage():
    assert headline(sample_report(resources=PRICED, totals_of="change")) == "+$294.15 a month"


def test_resources_without_a_price_are_named_with_the_reason():
    more = [
        resource("prod", "aws:x:Y", f"n{n}", "same", "unpriced", None, None, reason="value secret: size")
        for n in range(4)
    ]
    assert headline(sample_report(resources=[*PRICED, *more])) == (
        "at least $403.65 a month (+$294.15); 4 resources are not priced "
        "(n0: value secret, n1: value secret, n2: value secret and 1 more)"
    )


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_the_headline_is_the_same_in_every_format(form):
    odd = resource("staging", "aws:x:Y", "odd", "create", "unpriced", None, None, reason="type unknown: x")
    text = " ".join(html_text.unescape(render(sample_report(resources=[*PRICED, odd]), form)).split())
    assert "at least $403.65 a month (+$294.15); 1 resource is not priced (odd: type unknown)" in text
    assert "268.6" not in text


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_a_total_that_misses_a_resource_is_a_lower_bound(form):
    deleted = resource("prod", "aws:x:Y", "odd", "delete", "unpriced", None, None, reason="type unknown: x")
    text = render(sample_report(resources=[*PRICED, deleted]), form)
    assert "at least $109.50" in text
    text = render(sample_report(resources=PRICED, budgets=[]), form)
    assert "at least" not in text


def test_the_change_of_a_free_stack_is_zero():
    free = resource("prod", "aws:iam/role:Role", "role", "create", "free", ZERO, ZERO)
    report = sample_report(resources=[free], before=ZERO, after=ZERO, change=ZERO)
    assert headline(report) == "$0.00 a month"
    assert amount("0") == ZERO


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_the_share_of_the_nodes_is_shown_apart_from_the_totals(form):
    text = " ".join(render(sample_report(), form).split())
    assert "share of the nodes of 1 workload: $20.00 ($10.00 to $30.00) a month, in no total" in text
    without = [row for row in ROWS if "allocation" not in row]
    assert "in no total" not in render(sample_report(resources=without), form)
