"""Lightsail containers, databases, disks and static addresses."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import D, dollars, estimate_of, resource


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("containerService:ContainerService", {"power": "small", "scale": 2}, 2 * 730 * D("0.02016129")),
        ("containerService:ContainerService", {"power": "small", "scale": 2, "isDisabled": True}, D(0)),
        ("database:Database", {"bundleId": "micro_2_0"}, 730 * D("0.02016")),
        ("database:Database", {"bundleId": "small_ha_2_0"}, 730 * D("0.08065")),
        ("disk:Disk", {"sizeInGb": 64}, D("6.4")),
        ("lb:Lb", {}, 730 * D("0.024193548")),
    ],
)
def test_a_resource_bills_its_bundle_or_size(kind, inputs, expected):
    assert dollars(estimate_of(f"aws:lightsail/{kind}", inputs)) == expected


def test_a_static_address_is_free_while_it_is_attached():
    token = "aws:lightsail/staticIp:StaticIp"
    attachment = resource(
        "aws:lightsail/staticIpAttachment:StaticIpAttachment", {"staticIpName": "address"}, name="a"
    )
    assert dollars(estimate_of(token, {"name": "address"}, attachment)) == 0
    assert dollars(estimate_of(token, {"name": "address"})) == 729 * D("0.005")
