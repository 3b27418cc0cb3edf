"""The Region in which the report prices a resource."""

import pytest

from teei_finops.cli import main
from teei_finops.costing.regions import check_region
from teei_finops.costing.yaml_file import SettingError
from tests.teei_finops.costing.preview_builder import (
    SECRET,
    UNKNOWN,
    VOLUME,
    create,
    preview,
    provider,
    step,
    urn,
)
from tests.teei_finops.review.reports_of_previews import GB100, exactly, report_of, row_in_preview, row_of

NOT_IN_THE_PREVIEW = f"{urn('pulumi:providers:aws', 'eu')}::1"
ARN = "arn:aws:ec2:eu-central-1:123456789012:volume/vol-1"


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
    disk = create(VOLUME, "disk", GB100, provider=NOT_IN_THE_PREVIEW)
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


def test_an_explicit_provider_is_one_that_the_preview_holds_whatever_its_name():
    frankfurt = provider("default-eu", {"region": "eu-central-1"})
    disk = create(VOLUME, "disk", GB100, provider=f"{frankfurt['urn']}::{UNKNOWN}")
    assert row_in_preview("disk", frankfurt, disk)["region"] == "eu-central-1"
    row = row_in_preview("disk", create(VOLUME, "disk", GB100, provider=f"{frankfurt['urn']}::1"))
    assert row["region"] is None, "the config's Region is that of default providers only"


@pytest.mark.parametrize(
    "inputs",
    [
        {"availabilityZone": "eu-central-1a"},
        {"availabilityZones": ["eu-central-1b", "eu-central-1c"]},
        {"availabilityZone": "eu-central-1-ham-1a"},
    ],
)
def test_an_availability_zone_names_its_region(inputs):
    disk = create(VOLUME, "disk", GB100 | inputs, provider=NOT_IN_THE_PREVIEW)
    row = row_in_preview("disk", disk, region="us-east-1")
    assert (row["region"], row["after"]) == ("eu-central-1", exactly("9.52"))


@pytest.mark.parametrize("zone", [UNKNOWN, "", "nowhere", "eu-central-1", 7])
def test_another_value_of_an_availability_zone_names_no_region(zone):
    assert row_in_preview("disk", create(VOLUME, "disk", GB100 | {"availabilityZone": zone}))["region"] == (
        "us-east-1"
    )


@pytest.mark.parametrize("more", [{"id": ARN}, {"outputs": {"arn": ARN}}])
def test_an_arn_names_its_region(more):
    disk = step(
        "same",
        VOLUME,
        "disk",
        old=GB100,
        new=GB100,
        provider=NOT_IN_THE_PREVIEW,
        **more,
    )
    assert row_in_preview("disk", disk)["region"] == "eu-central-1"


def test_a_default_provider_without_a_configured_region_has_that_of_the_environment():
    steps = (
        create(VOLUME, "disk", GB100),
        create(VOLUME, "eu", GB100, provider=NOT_IN_THE_PREVIEW),
    )
    report = report_of(preview(*steps, config={}), default_region="eu-central-1")
    assert (row_of(report, "disk")["region"], row_of(report, "eu")["region"]) == ("eu-central-1", None)
    report = report_of(preview(*steps, config={}), default_region="eu-central-1", region="us-east-1")
    assert row_of(report, "disk")["region"] == "us-east-1"


@pytest.mark.parametrize(("wrong", "right"), [("us-esat-1", "us-east-1"), ("eu-wst-1", "eu-west-1")])
def test_a_misspelt_region_names_the_one_that_was_meant(wrong, right):
    with pytest.raises(SettingError, match=f"did you mean '{right}'"):
        check_region(wrong, "--region")


def test_a_region_that_aws_does_not_have_is_unpriced_with_the_near_one():
    row = row_in_preview("disk", create(VOLUME, "disk", GB100 | {"region": "eu-centrl-1"}))
    assert (
        row["reason"] == "no price in this region: unknown Region 'eu-centrl-1'; did you mean 'eu-central-1'?"
    )


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_command_reads_the_region_of_the_environment(capsys, monkeypatch, tmp_path, variable):
    file = tmp_path / "plan.json"
    file.write_text(preview(create(VOLUME, "disk", GB100), config={}))
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv(variable, "eu-central-1")
    assert main(["review", str(file)]) == 0
    assert "+$9.52" in capsys.readouterr().out
    monkeypatch.setenv(variable, "eu-centrl-1")
    assert main(["review", str(file)]) == 2
    assert f"{variable}: unknown Region 'eu-centrl-1'; did you mean" in capsys.readouterr().err
    monkeypatch.delenv(variable)
    assert main(["review", str(file), "--region", "frankfurt"]) == 2
    assert "--region: unknown Region 'frankfurt'" in capsys.readouterr().err
