"""Which Services could share one load balancer."""

from dataclasses import replace

import pytest

from tests.policies.compliant_kubernetes import service
from tests.policies.pack_client import FakeResource, Pack, with_property

POLICY = "services-share-a-load-balancer"


def in_cluster(name: str, context: str) -> FakeResource:
    balanced = service(name)
    balanced.provider = {"context": context}
    return balanced


def test_all_services_of_a_cluster_but_the_first_are_reported():
    services = [in_cluster(name, "us") for name in ("a", "b", "c")]
    reported = {item.urn: item.message for item in Pack().evaluate(*services) if item.policy == POLICY}
    assert set(reported) == {services[1].urn, services[2].urn}
    assert all("is one of 3 load balancers for HTTP services" in message for message in reported.values())


@pytest.mark.parametrize(
    ("port", "expected"), [(80, True), (443, True), (8080, True), (8443, True), (5432, False)]
)
def test_services_on_the_ports_of_http_can_share_a_load_balancer(port, expected):
    services = [with_property(in_cluster(name, "us"), "spec.ports.0.port", port) for name in ("a", "b")]
    assert (POLICY in {diagnostic.policy for diagnostic in Pack().evaluate(*services)}) is expected


@pytest.mark.parametrize(
    "annotation",
    [
        {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
        {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"},
    ],
)
def test_an_internal_and_a_public_service_cannot_share_a_load_balancer(annotation):
    public, internal = in_cluster("a", "us"), in_cluster("b", "us")
    assert POLICY in {diagnostic.policy for diagnostic in Pack().evaluate(public, internal)}
    internal = with_property(internal, "metadata.annotations", annotation)
    assert POLICY not in {diagnostic.policy for diagnostic in Pack().evaluate(public, internal)}
    second = replace(internal, name="c")
    assert POLICY in {diagnostic.policy for diagnostic in Pack().evaluate(public, internal, second)}


def test_services_of_two_clusters_cannot_share_a_load_balancer():
    services = [in_cluster("a", "us"), in_cluster("b", "eu")]
    assert POLICY not in {diagnostic.policy for diagnostic in Pack().evaluate(*services)}
