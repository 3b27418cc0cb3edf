"""Which Services could share one load balancer."""

from tests.policies.compliant_kubernetes import service
from tests.policies.pack_client import FakeResource, Pack

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


def test_services_of_two_clusters_cannot_share_a_load_balancer():
    services = [in_cluster("a", "us"), in_cluster("b", "eu")]
    assert POLICY not in {diagnostic.policy for diagnostic in Pack().evaluate(*services)}
