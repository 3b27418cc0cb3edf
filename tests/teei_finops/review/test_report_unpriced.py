"""Resources without a price: the reason, and that they are in no total. Free resources cost $0."""

import pytest

from teei_finops.review.render.headline import headline
from tests.teei_finops.costing.preview_builder import (
    INSTANCE,
    SECRET,
    UNKNOWN,
    VOLUME,
    create,
    preview,
    state,
    step,
)
from tests.teei_finops.review.reports_of_previews import (
    GB100,
    ZERO,
    exactly,
    report_of,
    row_in_preview,
    row_of,
)


@pytest.mark.parametrize(
    ("unpriced", "reason"),
    [
        (create("aws:quantum/thing:Thing", "x", {}), "type unknown"),
        (create("gcp:storage/bucket:Bucket", "x", {}), "type unknown"),
        (create(VOLUME, "x", GB100 | {"region": "us-gov-west-1"}), "no price in this region"),
        (create(INSTANCE, "x", {"instanceType": "m99.huge"}), "no price in this region"),
        (create(VOLUME, "x", GB100 | {"size": UNKNOWN}), "value unknown until deploy"),
        (create(VOLUME, "x", GB100 | {"size": SECRET}), "value secret"),
        (create(VOLUME, "x", GB100 | {"size": "many"}), "value not valid: size is not a number"),
        (create(VOLUME, "x", GB100 | {"size": -5}), "value not valid: size is not a number"),
        (create(VOLUME, "x", GB100 | {"size": 10**40}), "value not valid: size is not a number"),
        (create(VOLUME, "x", GB100 | {"type": ["gp3"]}), "value not valid: type is not text"),
        (create(INSTANCE, "x", {"instanceType": {"of": "m5"}}), "value not valid: instanceType is not text"),
    ],
)
def test_an_unpriced_resource_has_a_reason_and_is_in_no_total(unpriced, reason):
    report = report_of(preview(unpriced, create(VOLUME, "disk", GB100)))
    row = row_of(report, "x")
    assert row["state"] == "unpriced"
    assert row["reason"].startswith(reason), row["reason"]
    assert (row["before"], row["after"], row["change"], row["lines"]) == (None, None, None, [])
    assert report["after"] == exactly("8")
    assert (report["coverage"]["unpriced"], report["coverage"]["percent"]) == (1, "50.0")
    assert report["verdict"] == "advisory"


def test_a_resource_that_is_unpriced_before_or_after_is_unpriced_as_a_whole():
    update = step("update", INSTANCE, "x", old={"instanceType": "m99.huge"}, new={"instanceType": "m5.large"})
    assert row_in_preview("x", update)["state"] == "unpriced"


def test_a_value_that_the_price_does_not_depend_on_may_be_unknown_or_secret():
    disk = create(VOLUME, "disk", GB100 | {"kmsKeyId": UNKNOWN, "snapshotId": SECRET})
    assert row_in_preview("disk", disk)["after"] == exactly("8")


def test_free_resources_cost_zero_and_are_counted_as_free():
    role = create("aws:iam/role:Role", "role", {})
    report = report_of(preview(role, create("random:index/randomPet:RandomPet", "pet", {})))
    assert row_of(report, "role")["after"] == ZERO
    assert report["coverage"] == {"priced": 0, "free": 2, "usage": 0, "unpriced": 0, "percent": "100.0"}
    assert report["verdict"] == "pass"


def test_kubernetes_objects_are_free():
    config_map = state("kubernetes:core/v1:ConfigMap", "c", {"metadata": {"name": "c"}}, provider="")
    row = row_in_preview("c", {"op": "create", "urn": config_map["urn"], "newState": config_map})
    assert (row["state"], row["after"], row["lines"]) == ("free", ZERO, [])


def test_a_kubernetes_object_whose_share_of_the_nodes_is_unknown_gets_a_warning():
    deployment = state(
        "kubernetes:apps/v1:Deployment",
        "api",
        {"spec": {"replicas": UNKNOWN, "template": {"spec": {"containers": []}}}},
        provider="",
    )
    report = report_of(preview({"op": "create", "urn": deployment["urn"], "newState": deployment}))
    (warning,) = report["warnings"]
    assert warning["urn"] == deployment["urn"]
    assert warning["message"].startswith("api: share of the nodes: value unknown until deploy")
    assert row_of(report, "api")["allocation"] is None


def test_a_line_without_a_price_is_a_warning_and_leaves_the_resource_priced():
    inputs = {
        "instanceType": "m5.large",
        "associatePublicIpAddress": False,
        "ebsBlockDevices": [{"deviceName": "/dev/sdb", "snapshotId": "snap-1"}],
    }
    report = report_of(preview(create(INSTANCE, "web", inputs)))
    row = row_of(report, "web")
    assert (row["state"], report["verdict"]) == ("priced", "advisory")
    assert len(row["unpriced_lines"]) == 1
    assert headline(report) == (
        "at least $70.72 a month (+$70.72); 1 resource is priced in part (without web: Volume /dev/sdb)"
    )
    assert [warning["message"] for warning in report["warnings"]] == [
        "web costs at least what is shown; not priced: Volume /dev/sdb: value unknown until deploy: "
        "its snapshot decides its size"
    ]
