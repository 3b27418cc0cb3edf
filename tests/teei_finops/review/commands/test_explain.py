"""`teei-finops explain`: one resource, by its name where that is unique, else by its URN."""

import json

import pytest

from teei_finops.cli import main
from tests.teei_finops.costing.preview_builder import INSTANCE, QUEUE, VOLUME, create, preview, urn
from tests.teei_finops.review.reports_of_previews import GB100, report_of

TEXT = preview(
    create(VOLUME, "disk", GB100),
    create(VOLUME, "data", GB100),
    create(QUEUE, "data", {}),
    create(INSTANCE, "web", {"instanceType": "m99.huge"}),
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(TEXT)
    return str(path)


def run(capsys, *arguments):
    code = main(["explain", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("name", ["disk", urn(VOLUME, "disk")])
def test_a_name_or_a_urn_shows_quantity_rate_and_source(capsys, file, name):
    code, out, _ = run(capsys, name, file)
    assert code == 0
    assert "100 GB-month × 0.08 USD = 8 USD" in out
    assert "price of 20" in out


def test_the_document_of_a_review_is_explained_in_the_same_way(capsys, file, tmp_path):
    document = tmp_path / "review.json"
    document.write_text(json.dumps(report_of(TEXT)))
    assert run(capsys, "disk", str(document)) == run(capsys, "disk", file)


def test_a_name_of_several_resources_lists_their_urns(capsys, file):
    code, _, err = run(capsys, "data", file)
    assert code == 2
    assert "2 resources are named data; give the URN: " in err
    assert urn(VOLUME, "data") in err
    assert urn(QUEUE, "data") in err


def test_an_unknown_name_has_a_hint(capsys, file):
    assert "no resource dsk in the review; did you mean 'disk'?" in run(capsys, "dsk", file)[2]


def test_a_resource_without_a_price_shows_the_reason(capsys, file):
    code, out, _ = run(capsys, "web", file)
    assert (code, "unpriced: no price in this region" in out) == (0, True)
