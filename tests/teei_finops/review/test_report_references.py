"""Costs that depend on another resource: launch templates, and the lifecycles of buckets."""

from decimal import Decimal

import pytest

from tests.teei_finops.costing.preview_builder import (
    BUCKET,
    INSTANCE,
    LIFECYCLE,
    TEMPLATE,
    UNKNOWN,
    create,
    step,
    stream,
    urn,
)
from tests.teei_finops.review.reports_of_previews import report_of, row_in_preview, row_of


def template_and_instance(reference, **more):
    template = create(TEMPLATE, "lt", {"name": "web", "instanceType": "m5.xlarge"}, id="lt-1")
    inputs = {"launchTemplate": reference, "associatePublicIpAddress": False}
    return template, create(INSTANCE, "vm", inputs, **more)


@pytest.mark.parametrize(
    "reference", [{"id": "lt-1"}, {"name": "web"}, {"id": "arn:aws:ec2:x:1:launch-template/lt-1"}]
)
def test_an_instance_has_the_type_of_its_launch_template(reference):
    row = row_in_preview("vm", *template_and_instance(reference))
    assert row["lines"][0]["what"].startswith("m5.xlarge")


def test_an_unknown_reference_is_resolved_through_property_dependencies():
    depends = {"launchTemplate": [urn(TEMPLATE, "lt")]}
    steps = template_and_instance({"id": UNKNOWN}, propertyDependencies=depends)
    assert row_in_preview("vm", *steps)["lines"][0]["what"].startswith("m5.xlarge")


def test_an_unknown_reference_in_the_stream_is_unknown_until_deploy():
    row = row_of(report_of(stream(*template_and_instance({"id": UNKNOWN}))), "vm")
    assert row["reason"].startswith("value unknown until deploy")


def test_a_change_of_a_launch_template_changes_the_cost_of_an_unchanged_instance():
    template = step(
        "update",
        TEMPLATE,
        "lt",
        old={"instanceType": "m5.large"},
        new={"instanceType": "m5.xlarge"},
        id="lt-1",
    )
    inputs = {"launchTemplate": {"id": "lt-1"}, "associatePublicIpAddress": False}
    row = row_in_preview("vm", template, step("same", INSTANCE, "vm", old=inputs, new=inputs))
    assert Decimal(row["change"]["expected"]) == Decimal("0.096") * 730


def expiration_after(days: int):
    return {"bucket": "logs", "rules": [{"id": "all", "status": "Enabled", "expiration": {"days": days}}]}


def test_a_lifecycle_that_deletes_objects_lowers_the_cost_of_its_bucket():
    bucket = create(BUCKET, "logs", {"bucket": "logs"})
    without = row_in_preview("logs", bucket)
    with_lifecycle = row_in_preview("logs", bucket, create(LIFECYCLE, "l", expiration_after(30)))
    assert Decimal(with_lifecycle["after"]["expected"]) < Decimal(without["after"]["expected"]) / 5


def test_deleting_a_lifecycle_raises_the_cost_of_its_unchanged_bucket():
    bucket = step("same", BUCKET, "logs", old={"bucket": "logs"}, new={"bucket": "logs"})
    row = row_in_preview("logs", bucket, step("delete", LIFECYCLE, "l", old=expiration_after(30)))
    assert Decimal(row["change"]["expected"]) > 0
