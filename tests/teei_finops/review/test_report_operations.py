"""What each operation of a preview does to the cost, and what has no row in the report."""

import pytest

from teei_finops.costing.preview.steps import PreviewError
from tests.teei_finops.costing.preview_builder import (
    DEFAULT_PROVIDER,
    VOLUME,
    create,
    preview,
    provider,
    step,
)
from tests.teei_finops.review.reports_of_previews import (
    GB100,
    GB200,
    ZERO,
    exactly,
    report_of,
    row_in_preview,
    row_of,
)


def test_a_created_volume_adds_its_price():
    row = row_in_preview("disk", create(VOLUME, "disk", GB100))
    assert (row["before"], row["after"], row["change"]) == (ZERO, exactly("8"), exactly("8"))
    (line,) = row["lines"]
    assert (line["quantity"], line["unit"], line["rate"]) == ("100", "GB-month", "0.08")
    assert line["source"]
    assert line["as_of"]
    assert line["assumed"] is False


@pytest.mark.parametrize("op", ["update", "replace"])
def test_a_changed_volume_adds_the_difference(op):
    row = row_in_preview("disk", step(op, VOLUME, "disk", old=GB100, new=GB200))
    assert row["op"] == op
    assert (row["before"], row["after"], row["change"]) == (exactly("8"), exactly("16"), exactly("8"))


def test_replacement_steps_are_counted_once():
    steps = [
        step("create-replacement", VOLUME, "disk", old=GB100, new=GB200),
        step("replace", VOLUME, "disk", old=GB100, new=GB200),
        step("delete-replaced", VOLUME, "disk", old=GB100),
    ]
    report = report_of(preview(*steps))
    assert [row["op"] for row in report["resources"]] == ["replace"]
    assert report["change"] == exactly("8")


def test_a_deleted_volume_saves_its_price_and_its_lines_explain_the_cost_before():
    row = row_in_preview("disk", step("delete", VOLUME, "disk", old=GB100))
    assert (row["before"], row["after"], row["change"]) == (exactly("8"), ZERO, exactly("-8"))
    assert row["lines"][0]["amount"] == exactly("8")


def test_a_volume_that_is_kept_on_delete_saves_nothing_and_gets_a_warning():
    report = report_of(preview(step("delete", VOLUME, "disk", old=GB100, retainOnDelete=True)))
    row = row_of(report, "disk")
    assert (row["before"], row["after"], row["change"]) == (exactly("8"), exactly("8"), ZERO)
    assert report["warnings"] == [
        {"urn": row["urn"], "message": "disk is kept on delete (retainOnDelete), so it is still billed"}
    ]


def test_a_replaced_volume_that_is_kept_is_billed_twice_and_gets_a_warning():
    report = report_of(preview(step("replace", VOLUME, "disk", old=GB100, new=GB200, retainOnDelete=True)))
    assert row_of(report, "disk")["after"] == exactly("24")
    assert [warning["message"] for warning in report["warnings"]] == [
        "the replaced disk is kept (retainOnDelete), so both are billed"
    ]


def test_an_imported_volume_changes_nothing_but_counts():
    report = report_of(preview(step("import", VOLUME, "disk", new=GB100)))
    assert row_of(report, "disk")["change"] == ZERO
    assert report["before"] == report["after"] == exactly("8")


@pytest.mark.parametrize(
    "unbilled",
    [
        step("read", VOLUME, "x", new=GB100),
        step("same", VOLUME, "x", old=GB100, new=GB100, external=True),
        step("discard", VOLUME, "x", old=GB100),
        step("read-discard", VOLUME, "x", old=GB100),
        create("shop:net:Network", "x", {}, custom=False),
        create("awsx:ec2:Vpc", "x", {}, custom=False, provider=DEFAULT_PROVIDER),
        create("pulumi:pulumi:Stack", "x", {}, custom=False),
        provider("x", {"region": "us-east-1"}),
    ],
)
def test_a_resource_that_the_stack_is_not_billed_for_has_no_row(unbilled):
    report = report_of(preview(unbilled, create(VOLUME, "disk", GB100)))
    assert [row["name"] for row in report["resources"]] == ["disk"]
    assert len(report["resources"]) == 1


def test_two_previews_with_the_same_resource_are_rejected():
    text = preview(create(VOLUME, "disk", GB100))
    with pytest.raises(PreviewError, match=r"p1: contains urn.*disk, as does p0; give one preview"):
        report_of(text, text)
