"""What a cluster creates for an object, and the preview does not have, is unpriced by name and never free."""

from __future__ import annotations

import pytest

from teei_finops.costing.amounts import NOT_IN_PREVIEW, TYPE_UNKNOWN
from tests.teei_finops.costing.estimators.estimate_helpers import estimate_of
from tests.teei_finops.costing.preview_builder import STACK, create, preview
from tests.teei_finops.review.reports_of_previews import report_of, row_of

CHART = "kubernetes:helm.sh/v4:Chart"


@pytest.mark.parametrize(
    ("token", "what"),
    [
        ("kubernetes:helm.sh/v3:Release", "what chart loki installs"),
        ("kubernetes:s3.services.k8s.aws/v1alpha1:Bucket", "the AWS resource that ACK creates for it"),
        ("kubernetes:rds.aws.upbound.io/v1beta1:Instance", "the resource that Crossplane creates for it"),
        ("kubernetes:ec2.aws.crossplane.io/v1beta1:Instance", "the resource that Crossplane creates for it"),
        ("kubernetes:argoproj.io/v1alpha1:Application", "what Argo CD installs from it"),
        ("kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease", "what Flux installs from it"),
        ("kubernetes:monitoring.coreos.com/v1:Prometheus", "the pods and volumes that its operator creates"),
        ("kubernetes:gateway.networking.k8s.io/v1:Gateway", "the load balancer that its controller creates"),
        ("kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshot", "the EBS snapshot that it creates"),
    ],
)
def test_a_resource_of_an_operator_is_unpriced(token, what):
    it = estimate_of(token, {"chart": "loki"})
    assert (it.state, it.reason) == ("unpriced", f"{NOT_IN_PREVIEW}: {what}")


def test_a_custom_resource_of_an_unknown_operator_is_unpriced():
    it = estimate_of("kubernetes:acme.io/v1:Database", {})
    assert (it.state, it.reason) == ("unpriced", f"{TYPE_UNKNOWN}: kubernetes:acme.io/v1:Database")


@pytest.mark.parametrize(
    "token",
    [
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:ConfigMapPatch",
        "kubernetes:core/v1:Namespace",
        "kubernetes:rbac.authorization.k8s.io/v1:Role",
        "kubernetes:keda.sh/v1alpha1:ScaledObject",
        "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
        "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    ],
)
def test_configuration_is_free(token):
    assert estimate_of(token, {}).state == "free"


def test_a_chart_whose_objects_are_not_in_the_preview_is_unpriced():
    chart = create(CHART, "karpenter", {}, custom=False, parent=STACK, provider="")
    report = report_of(preview(chart))
    assert row_of(report, "karpenter")["reason"] == f"{NOT_IN_PREVIEW}: what its chart installs"


def test_a_chart_whose_objects_are_in_the_preview_has_no_row_of_its_own():
    chart = create(CHART, "karpenter", {}, custom=False, parent=STACK, provider="")
    config_map = create("kubernetes:core/v1:ConfigMap", "c", {}, parent=chart["urn"], provider="")
    assert [row["name"] for row in report_of(preview(chart, config_map))["resources"]] == ["c"]
