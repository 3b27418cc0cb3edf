"""EMR clusters, SageMaker endpoints and notebooks, Lightsail instances."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimate_with_prices,
    lines_by_name,
    price,
    resource,
)

EMR = "aws:emr/cluster:Cluster"
ENDPOINT = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
FEES = {
    ("ElasticMapReduce", "instance", "m5.xlarge"): "0.048",
    ("ElasticMapReduce", "instance", "c5.xlarge"): "0.043",
}
LIGHTSAIL = "aws:lightsail/instance:Instance"
CLUSTER = {
    "masterInstanceGroup": {"instanceType": "m5.xlarge"},
    "coreInstanceGroup": {
        "instanceType": "c5.xlarge",
        "instanceCount": 2,
        "ebsConfigs": [{"size": 100, "type": "gp3", "volumesPerInstance": 2}],
    },
}


def test_emr_is_unpriced_as_its_fee_has_no_rows():
    assert estimate_of(EMR, CLUSTER).reason.startswith(
        "no price in this region: ElasticMapReduce instance m5.xlarge"
    )
    assert estimate_of(EMR, {"masterInstanceGroup": {"instanceType": UNKNOWN}}).reason == (
        "value unknown until deploy: masterInstanceGroup.instanceType"
    )


def test_instances_without_a_specification_are_unpriced():
    assert estimate_of(EMR, {}).reason.startswith("value unknown until deploy: neither masterInstanceGroup")
    assert estimate_of(ENDPOINT, {}).reason == "value unknown until deploy: productionVariants is not set"


def test_an_emr_fleet_is_its_capacity_in_units_of_its_types():
    def fleet(kind: str, **capacity: int) -> dict:
        return {"instanceTypeConfigs": [{"instanceType": kind, "weightedCapacity": 2}], **capacity}

    inputs = {
        "masterInstanceFleet": fleet("m5.xlarge", targetOnDemandCapacity=2),
        "coreInstanceFleet": fleet("m5.xlarge", targetOnDemandCapacity=4, targetSpotCapacity=4),
    }
    estimate = estimate_with_prices(FEES, resource(EMR, inputs))
    fees = [line.quantity.expected for line in after_lines(estimate) if line.what.startswith("EMR fee")]
    assert fees == [730, 4 * 730]
    assert any("spot" in note for note in estimate.notes)


def test_emr_bills_instances_fee_and_volumes_once_the_fee_is_brought():
    lines = lines_by_name(estimate_with_prices(FEES, resource(EMR, CLUSTER)))
    rate = price("AmazonEC2", "instance-linux-shared", "c5.xlarge")
    assert lines["c5.xlarge linux, on demand"] == (D(1460), 1460 * rate)
    assert lines["EMR fee, core c5.xlarge"] == (D(1460), 1460 * D("0.043"))
    assert lines["EMR fee, master m5.xlarge"] == (D(730), 730 * D("0.048"))
    assert lines["Core volume: gp3 storage"] == (D(400), D(32))


def test_an_endpoint_bills_the_instances_and_volumes_of_its_variants():
    variants = [
        {"variantName": "a", "instanceType": "ml.m5.xlarge", "initialInstanceCount": 2, "volumeSizeInGb": 10},
        {"variantName": "b", "instanceType": "ml.m5.2xlarge"},
    ]
    assert lines_by_name(
        estimate_of(ENDPOINT, {"productionVariants": variants}, usage={"monthly_hours": 100})
    ) == {
        "ml.m5.xlarge, a": (D(200), D(46)),
        "Volume, a": (D(20), D("2.8")),
        "ml.m5.2xlarge, b": (D(100), D("46.1")),
    }


@pytest.mark.parametrize(
    ("variant", "usage", "missing"),
    [
        ({"instanceType": "ml.p4d.24xlarge"}, {}, "endpoint ml.p4d.24xlarge"),
        ({"serverlessConfig": {"memorySizeInMb": 2048, "maxConcurrency": 5}}, {}, "serverless 2048mb"),
        ({"instanceType": "ml.m5.xlarge"}, {"monthly_data_processed_gb": 1}, "endpoint-data data-processed"),
    ],
)
def test_endpoints_without_a_price_are_unpriced(variant, usage, missing):
    estimate = estimate_of(ENDPOINT, {"productionVariants": [variant]}, usage=usage)
    assert estimate.reason.startswith(f"no price in this region: AmazonSageMaker {missing}")


def test_a_stopped_notebook_keeps_its_volume():
    lines = lines_by_name(
        estimate_of(NOTEBOOK, {"instanceType": "ml.t3.medium"}, usage={"monthly_hours": 100})
    )
    assert lines == {"ml.t3.medium notebook": (D(100), D(5)), "Volume": (D(5), D("0.7"))}
    assert estimate_of(NOTEBOOK, {"instanceType": "ml.t3.medium"}, region=EU).reason.startswith(
        "no price in this region"
    )


@pytest.mark.parametrize(
    ("bundle", "key"),
    [
        ("nano_3_0", "linux-0.5gb"),
        ("micro_win_3_0", "windows-1gb"),
        ("small_ipv6_3_0", "linux-2gb-ipv6"),
        ("medium_win_ipv6_3_0", "windows-4gb-ipv6"),
        ("large_3_0", "linux-8gb"),
        ("xlarge_3_0", "linux-16gb"),
        ("2xlarge_3_0", "linux-32gb"),
        ("4xlarge_3_0", "linux-64gb"),
    ],
)
def test_a_lightsail_bundle_is_its_memory_system_and_addresses(bundle, key):
    rate = price("AmazonLightsail", "instance-bundle", key, EU)
    assert dollars(estimate_of(LIGHTSAIL, {"bundleId": bundle}, region=EU)) == 730 * rate


def test_an_unknown_bundle_is_unpriced():
    assert estimate_of(LIGHTSAIL, {"bundleId": "giant_9_0"}).reason.startswith(
        "no price in this region: AmazonLightsail"
    )


def test_shadow_variants_data_and_addresses_of_the_newer_kind_are_billed():
    variants = {
        "productionVariants": [{"variantName": "a", "instanceType": "ml.m5.xlarge"}],
        "shadowProductionVariants": [{"variantName": "b", "instanceType": "ml.m5.xlarge"}],
    }
    rows = {("AmazonSageMaker", "endpoint-data", "data-processed"): "0.016"}
    lines = lines_by_name(
        estimate_with_prices(rows, resource(ENDPOINT, variants), usage={"monthly_data_processed_gb": 100})
    )
    assert lines["ml.m5.xlarge, b"] == (D(730), 730 * D("0.23"))
    assert lines["Data processed"] == (D(100), D("1.6"))
    six = estimate_of(LIGHTSAIL, {"bundleId": "nano_3_0", "ipAddressType": "ipv6"})
    assert dollars(six) == 730 * price("AmazonLightsail", "instance-bundle", "linux-0.5gb-ipv6")
