"""A price that no public source confirms is marked in the price book, and the review says so."""

import re
from datetime import date

import pytest

from teei_finops.costing.amounts import UNVERIFIED
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import GLOBAL, region_rows, regions
from teei_finops.review.commands.explain import explain
from teei_finops.review.render import render
from teei_finops.review.report import build_report
from tests.teei_finops.costing.preview_builder import create, preview, urn

SECRET = "aws:secretsmanager/secret:Secret"
# A repository (owner/name), a package of PyPI, or a web page: something that a reader can open.
PUBLIC = re.compile(r"[\w-]+/[\w.-]+ .*@|\S+ [\d.]+ \(PyPI\) |https://|aws\.amazon\.com/|huggingface\.co/")
PUBLIC_ARTICLES = ("usage.ai blog ", "tecracer.com blog ", "CloudYali article ", "retrack/")


def secret_in(region: str):
    plan = read_plan(preview(create(SECRET, "key", {}), config={"aws:region": region}), name="p")
    return build_report([plan], CostOptions(at=date(2026, 11, 24)))


def test_every_price_has_a_public_source_or_is_marked_as_unverified():
    sources = {
        row[8] for region in (*regions(), GLOBAL) for rows in region_rows(region).values() for row in rows
    }
    opaque = {
        s for s in sources if s != UNVERIFIED and not PUBLIC.match(s) and not s.startswith(PUBLIC_ARTICLES)
    }
    assert not opaque
    assert UNVERIFIED in sources


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_the_review_warns_of_amounts_that_rest_on_unverified_prices(format):
    warning = "resources with a price that no public source confirms: 1"
    assert warning in render(secret_in("eu-central-1"), format)
    assert "unverified" not in render(secret_in("us-east-1"), format)


def test_the_lines_of_an_unverified_price_have_that_source():
    document = secret_in("eu-central-1")
    assert {line["source"] for line in document["resources"][0]["lines"]} == {UNVERIFIED}
    assert "price of 2026-10-08: unverified" in explain(document, urn(SECRET, "key"))
