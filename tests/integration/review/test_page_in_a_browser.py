"""The page of the review in a real Chromium: light and dark, on a phone, printed and sorted."""

from pathlib import Path

import pytest

from teei_finops.review.render import html
from tests.integration.chromium import browser, watched_page
from tests.teei_finops.review.sample_report import sample_report

__all__ = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("page") / "index.html"
    file.write_text(html.render(sample_report()), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser, page_file):
    pages = []

    def open_page(**options):
        context = browser.new_context(**options)
        page = watched_page(context)
        page.goto(page_file.as_uri())
        pages.append(context)
        return page

    yield open_page
    for context in pages:
        context.close()


def test_the_page_loads_nothing_and_reports_no_error(opened):
    page = opened(viewport={"width": 1200, "height": 900})
    page.wait_for_selector("text=Cost breakdown")
    assert page.problems == []


def test_the_page_fits_a_phone(opened):
    page = opened(viewport={"width": 360, "height": 740})
    page.wait_for_selector("text=ledger")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def luminance(colour: str) -> float:
    red, green, blue = (int(part) for part in colour.strip("rgb()").split(","))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_colour_scheme(opened, scheme, dark):
    page = opened(color_scheme=scheme)
    background, text = (
        luminance(page.evaluate(f"getComputedStyle(document.body).{name}"))
        for name in ("backgroundColor", "color")
    )
    assert (background < text) is dark
    assert abs(background - text) > 150


def test_a_click_on_a_heading_sorts_by_number(opened):
    page = opened(viewport={"width": 1200, "height": 900})
    table = page.locator("#stack-prod ~ details.group table").first
    heading = table.locator("th", has_text="After")

    def amounts() -> list[float]:
        return [
            float(cell.get_attribute("data-value") or 0)
            for cell in table.locator("td[data-label=After]").all()
        ]

    heading.click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert amounts() == sorted(amounts(), reverse=True) == [402.25, 0.4]
    heading.click()
    assert amounts() == [0.4, 402.25]


def test_the_printed_page_shows_collapsed_details(opened):
    page = opened(viewport={"width": 1200, "height": 900})
    details = page.get_by_text("db.r7g.large, Multi-AZ")
    assert not details.is_visible()
    page.emulate_media(media="print")
    assert details.is_visible()
