"""The Region in which the report prices a resource."""

import pytest

from tests.teei_finops.costing.preview_builder import SECRET, UNKNOWN, VOLUME, create, provider, urn
from tests.teei_finops.review.reports_of_previews import GB100, exactly, row_in_preview


def test_the_region_of_the_resource_has_priority():
    disk = create(VOLUME, "disk", GB100 | {"region": "eu-central-1"})
    row = row_in_preview("disk", disk, region="us-east-1")
    assert row["region"] == "eu-central-1"
    assert row["after"] == exactly("9.52")


@pytest.mark.parametrize("provider_id", [UNKNOWN, "12ab"])
def test_an_explicit_provider_gives_its_region(provider_id):
    frankfurt = provider("eu", {"region": "eu-central-1"})
    disk = create(VOLUME, "disk", GB100, provider=f"{frankfurt['urn']}::{provider_id}")
    assert row_in_preview("disk", frankfurt, disk, region="us-east-1")["region"] == "eu-central-1"


def test_a_default_provider_uses_the_region_of_the_config():
    assert row_in_preview("disk", create(VOLUME, "disk", GB100))["region"] == "us-east-1"


def test_an_explicit_provider_that_is_not_in_the_preview_does_not_get_the_region_of_the_config():
    disk = create(VOLUME, "disk", GB100, provider=f"{urn('pulumi:providers:aws', 'eu')}::1")
    row = row_in_preview("disk", disk)
    assert row["state"] == "unpriced"
    assert row["reason"].startswith("no price in this region")
    assert row["region"] is None
    assert row_in_preview("disk", disk, region="eu-central-1")["region"] == "eu-central-1"


@pytest.mark.parametrize(
    ("region", "reason"), [(UNKNOWN, "value unknown until deploy"), (SECRET, "value secret")]
)
def test_a_resource_in_an_unknown_or_secret_region_is_unpriced(region, reason):
    row = row_in_preview("disk", create(VOLUME, "disk", GB100 | {"region": region}), region="us-east-1")
    assert row["reason"].startswith(reason)
