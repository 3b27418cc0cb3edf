"""What all formats for people have in common."""

import json

from teei_finops.review.render import render
from tests.teei_finops.review.sample_report import sample_report


def test_json_is_the_report_itself():
    assert json.loads(render(sample_report(), "json")) == sample_report()


def test_every_format_for_people_shows_the_errors_of_a_failed_preview():
    plan = sample_report()["plan"][0] | {"complete": False, "errors": ["error: boom"]}
    report = sample_report(verdict="incomplete", plan=[plan])
    for name in ("markdown", "html", "table"):
        text = render(report, name)
        assert text.count("the preview of prod failed: error: boom") == 1, name
        assert "The preview failed, so this review is incomplete." in text, name
