"""The load balancers that a cluster creates for Services and Ingresses, which are billed on their own."""

from __future__ import annotations

from typing import Any

import pytest

from teei_finops.costing.amounts import Range
from tests.teei_finops.costing.estimators.estimate_helpers import (
    amounts_by_name,
    estimate_of,
    estimates_of,
    price,
    resource,
)
from tests.teei_finops.costing.estimators.kubernetes_helpers import SERVICE

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
LB = "service.beta.kubernetes.io/aws-load-balancer-"
ALB = "alb.ingress.kubernetes.io/"
ADDRESS = "Public IPv4 addresses"


def service(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations or {}}, "spec": {"type": "LoadBalancer", **spec}}


def ingress(annotations: dict[str, str] | None = None, name: str = "alb") -> dict[str, Any]:
    return {"metadata": {"annotations": annotations or {}}, "spec": {"ingressClassName": name}}


@pytest.mark.parametrize(
    ("inputs", "kind", "has_addresses"),
    [
        (service(), "classic", False),
        (service({f"{LB}type": "nlb"}), "network", True),
        (service({f"{LB}type": "nlb", f"{LB}internal": "true"}), "network", False),
        (service({f"{LB}type": "external"}), "network", False),
        (service({f"{LB}type": "external", f"{LB}scheme": "internet-facing"}), "network", True),
        (service(loadBalancerClass="service.k8s.aws/nlb"), "network", False),
    ],
)
def test_a_service_of_type_load_balancer_is_billed_for_one(inputs, kind, has_addresses):
    it = estimate_of(SERVICE, inputs)
    assert (it.state, it.region, it.allocation) == ("priced", "us-east-1", None)
    amounts = amounts_by_name(it)
    assert amounts[f"{kind.title()} load balancer"] == 730 * price("ElasticLoadBalancing", kind, "hour")
    assert (ADDRESS in amounts) is has_addresses
    if has_addresses:
        assert amounts[ADDRESS] == 2 * 730 * price("AmazonVPC", "public-ipv4", "in-use")


def test_the_traffic_of_a_load_balancer_is_in_usage():
    usage = {"monthly_data_processed_gb": 7300}
    amounts = amounts_by_name(estimate_of(SERVICE, service({f"{LB}type": "external"}), usage=usage))
    assert amounts["Capacity units"] == 10 * 730 * price("ElasticLoadBalancing", "network", "nlcu-hour")


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (SERVICE, {"spec": {"type": "ClusterIP"}}),
        (SERVICE, {"spec": {}}),
        (INGRESS, ingress(name="nginx")),
        (INGRESS, {}),
    ],
)
def test_an_object_without_a_load_balancer_is_free(token, inputs):
    it = estimate_of(token, inputs)
    assert (it.state, it.after, it.allocation) == ("free", Range.of(0), None)


def test_an_ingress_of_the_controller_is_billed_for_an_application_load_balancer():
    rate = 730 * price("ElasticLoadBalancing", "application", "hour")
    amounts = amounts_by_name(estimate_of(INGRESS, ingress()))
    assert (amounts["Application load balancer"], ADDRESS in amounts) == (rate, False)
    assert ADDRESS in amounts_by_name(estimate_of(INGRESS, ingress({f"{ALB}scheme": "internet-facing"})))


def test_the_controller_of_its_class_decides_whether_an_ingress_has_a_load_balancer():
    def ingress_class(controller: str) -> dict[str, Any]:
        inputs = {"metadata": {"name": "public"}, "spec": {"controller": controller}}
        return resource("kubernetes:networking.k8s.io/v1:IngressClass", inputs, name="class")

    auto_mode = estimate_of(INGRESS, ingress(name="public"), ingress_class("eks.amazonaws.com/alb"))
    assert auto_mode.state == "priced"
    assert estimate_of(INGRESS, ingress(name="public"), ingress_class("k8s.io/nginx")).state == "free"


def test_the_ingresses_of_a_group_share_one_load_balancer():
    group = {f"{ALB}group.name": "shop"}
    first, second, other = estimates_of(
        resource(INGRESS, ingress(group), name="a"),
        resource(INGRESS, ingress(group), name="b"),
        resource(INGRESS, ingress({f"{ALB}group.name": "blog"}), name="c"),
    )
    assert (first.state, second.state, other.state) == ("priced", "free", "priced")
    assert second.notes == ("shares the load balancer of its group shop",)
