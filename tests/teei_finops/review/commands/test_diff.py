"""`teei-finops diff`: two previews, two documents, or one of each."""

import json

import pytest

from teei_finops.cli import main
from teei_finops.review.commands.diff import diff
from teei_finops.review.render import render
from tests.teei_finops.costing.preview_builder import QUEUE, VOLUME, create, preview, step
from tests.teei_finops.review.reports_of_previews import (
    GB100,
    GB200,
    ZERO,
    exactly,
    report_of,
    row_of,
)
from tests.teei_finops.review.test_report_schema import problems

ODD = create("aws:quantum/thing:Thing", "odd", {})
MAIN = preview(create(VOLUME, "disk", GB100), create(VOLUME, "old", GB100), create(VOLUME, "same", GB100))
BRANCH = preview(create(VOLUME, "disk", GB200), create(VOLUME, "new", GB100), create(VOLUME, "same", GB100))


def compared(first: str, second: str):
    return diff(report_of(first), report_of(second), "main.json")


def test_the_amounts_after_each_change_are_compared():
    report = compared(MAIN, BRANCH)
    changes = {row["name"]: (row["op"], row["change"]) for row in report["resources"]}
    assert changes == {
        "disk": ("update", exactly("8")),
        "new": ("create", exactly("8")),
        "same": ("same", ZERO),
        "old": ("delete", exactly("-8")),
    }
    assert (report["before"], report["after"], report["change"]) == (
        exactly("24"),
        exactly("32"),
        exactly("8"),
    )
    assert report["plan"][0]["operations"] == {"update": 1, "create": 1, "same": 1, "delete": 1}
    assert report["base"] == "main.json"


def test_the_comparison_is_a_valid_document_in_every_format():
    report = compared(MAIN, BRANCH)
    assert problems(report) == []
    for form in ("table", "markdown", "html", "sarif", "junit"):
        assert render(report, form)


def test_what_the_first_change_deletes_is_in_no_amount():
    first = preview(step("delete", VOLUME, "disk", old=GB100))
    assert compared(first, MAIN)["before"] == ZERO


def test_a_resource_without_a_price_on_one_side_is_unpriced():
    report = compared(preview(create(QUEUE, "jobs", {"region": "xx"})), preview(create(QUEUE, "jobs", {})))
    row = row_of(report, "jobs")
    assert (row["state"], row["before"], row["after"]) == ("unpriced", None, None)
    assert row["reason"].startswith("no price in this region")
    assert report["verdict"] == "unpriced"
    assert compared(preview(ODD), MAIN)["verdict"] == "advisory"


def test_two_stacks_of_one_program_are_compared_by_the_names_of_their_resources():
    prod = BRANCH.replace("urn:pulumi:dev::", "urn:pulumi:prod::")
    report = compared(MAIN, prod)
    assert {row["name"]: row["op"] for row in report["resources"]} == {
        "disk": "update", "new": "create", "same": "same", "old": "delete",
    }  # fmt: skip
    assert {stack["stack"] for stack in report["stacks"]} == {"prod", "dev"}


@pytest.mark.parametrize("kinds", ["preview preview", "document document", "preview document"])
def test_the_command_takes_previews_and_documents(capsys, tmp_path, kinds):
    files = []
    for number, (kind, text) in enumerate(zip(kinds.split(), (MAIN, BRANCH), strict=True)):
        file = tmp_path / f"{number}.json"
        file.write_text(text if kind == "preview" else json.dumps(report_of(text), indent=1))
        files.append(str(file))
    assert main(["diff", *files]) == 0
    assert "+$8.00 a month (+33.3 %)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (lambda document: document | {"version": 1}, "a document of version 1, not 2; create it again"),
        (
            lambda document: {k: v for k, v in document.items() if k != "stacks"},
            'not a valid document of a review: the document: "stacks" is a required property',
        ),
        (
            lambda document: document | {"resources": [{}]},
            'not a valid document of a review: resources[0]: "urn" is a required property',
        ),
        (
            lambda document: document | {"after": document["after"] | {"high": 12}},
            "not a valid document of a review: after.high: the value is not of type",
        ),
        (
            lambda document: document | {"after": document["after"] | {"high": "dear"}},
            "not a valid document of a review: after.high: the value does not match",
        ),
    ],
)
def test_a_document_that_cannot_be_used_is_named(capsys, tmp_path, changed, problem):
    file = tmp_path / "review.json"
    file.write_text(json.dumps(changed(report_of(MAIN))))
    assert main(["diff", str(file), str(file)]) == 2
    assert problem in capsys.readouterr().err
