"""The EBS volumes that a cluster creates for claims, which are billed on their own."""

from __future__ import annotations

from typing import Any

import pytest

from teei_finops.costing.amounts import Range
from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
    resource,
)
from tests.teei_finops.costing.estimators.kubernetes_helpers import M6I_LARGE, deployment, hour, near

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
GB = price("AmazonEC2", "ebs", "gp3-storage")


def claim(size: str = "100Gi", **spec: Any) -> dict[str, Any]:
    return {"spec": {"resources": {"requests": {"storage": size}}, **spec}}


def storage_class(name: str, provisioner: str = "ebs.csi.aws.com", **parameters: str) -> dict[str, Any]:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if name == "standard" else {}
    inputs = {
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": provisioner,
        "parameters": parameters,
    }
    return resource("kubernetes:storage.k8s.io/v1:StorageClass", inputs, name=name)


def test_a_claim_is_a_volume_that_is_billed():
    it = estimate_of(CLAIM, claim())
    assert (it.state, it.region, it.allocation) == ("priced", "us-east-1", None)
    assert dollars(it) == 100 * GB
    assert it.after.assumed, "the storage class is not in the plan"


def test_a_claim_has_the_type_iops_and_throughput_of_its_storage_class():
    fast = storage_class("fast", type="gp3", iops="5000", throughput="300")
    it = estimate_of(CLAIM, claim("99.5Gi", storageClassName="fast"), fast)
    assert amounts_by_name(it) == {
        "Volume: gp3 storage": 100 * GB,
        "Volume: gp3 IOPS": 2000 * price("AmazonEC2", "ebs", "gp3-iops", tier=3000),
        "Volume: gp3 throughput": 175 * price("AmazonEC2", "ebs", "gp3-throughput", tier=125),
    }
    assert not it.after.assumed


def test_iops_by_gb_grow_with_the_volume():
    provisioned = storage_class("io", type="io1", iopsPerGB="50")
    it = estimate_of(CLAIM, claim(storageClassName="io"), provisioned)
    assert amounts_by_name(it)["Volume: io1 IOPS"] == 5000 * price("AmazonEC2", "ebs", "io1-iops")


@pytest.mark.parametrize(
    ("provisioner", "kind"), [("ebs.csi.aws.com", "gp3"), ("kubernetes.io/aws-ebs", "gp2")]
)
def test_the_default_class_of_the_plan_and_the_default_type_of_its_provisioner_apply(provisioner, kind):
    it = estimate_of(
        CLAIM, claim(), storage_class("other", type="sc1"), storage_class("standard", provisioner)
    )
    assert dollars(it) == 100 * price("AmazonEC2", "ebs", f"{kind}-storage")


def test_a_class_that_is_not_in_the_plan_is_assumed_to_be_the_type_of_its_name():
    it = estimate_of(CLAIM, claim(storageClassName="sc1"))
    assert dollars(it) == 100 * price("AmazonEC2", "ebs", "sc1-storage")
    assert "storage class sc1 is not in the preview" in it.notes[0]


@pytest.mark.parametrize(
    "spec", [{"storageClassName": ""}, {"volumeName": "existing"}, {"storageClassName": "shared"}]
)
def test_a_claim_that_creates_no_volume_is_free(spec):
    it = estimate_of(CLAIM, claim(**spec), storage_class("shared", "efs.csi.aws.com"))
    assert (it.state, it.after, it.region) == ("free", Range.of(0), None)
    assert it.notes


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (claim(storageClassName="lustre"), "not in the preview: the volume that fsx.csi.aws.com creates"),
        (claim(UNKNOWN), "value unknown until deploy"),
        (claim("lots"), "value not valid: spec.resources.requests.storage is not a quantity"),
        (claim(storageClassName=["a"]), "value not valid: spec.storageClassName is not text"),
    ],
)
def test_a_claim_whose_volume_is_not_known_is_unpriced(inputs, reason):
    it = estimate_of(CLAIM, inputs, storage_class("lustre", "fsx.csi.aws.com"))
    assert it.state == "unpriced"
    assert it.reason.startswith(reason)


def test_a_stateful_set_is_billed_for_the_volumes_of_its_replicas_beside_its_share_of_the_nodes():
    stateful = deployment(replicas=3, volumeClaimTemplates=[claim("10Gi"), claim("5Gi")])
    it = estimate_of(STATEFUL_SET, stateful)
    assert it.state == "priced"
    assert it.after.expected == 3 * 15 * GB
    assert it.allocation is not None
    assert near(
        (it.allocation.low, it.allocation.expected, it.allocation.high),
        3 * D("5.5") / M6I_LARGE * 730 * hour(),
    )


def test_a_stateful_set_whose_replicas_are_unknown_is_unpriced_only_where_it_has_claims():
    assert estimate_of(STATEFUL_SET, deployment(replicas=UNKNOWN)).state == "free"
    it = estimate_of(STATEFUL_SET, deployment(replicas=UNKNOWN, volumeClaimTemplates=[claim()]))
    assert it.state == "unpriced"
