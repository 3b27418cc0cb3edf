"""What counts as a request of a container."""

from policies import messages
from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import Diagnostic, FakeResource, Pack, with_property

POLICY = "containers-request-resources"
CONTAINER = "spec.template.spec.containers.0.resources"


def found(resource: FakeResource) -> list[Diagnostic]:
    return [item for item in Pack().evaluate(resource) if item.policy == POLICY]


def test_the_pod_may_request_for_all_of_its_containers():
    workload = with_property(kubernetes.stateful_set(), CONTAINER)
    workload = with_property(workload, "spec.template.spec.initContainers")
    assert len(found(workload)) == 1
    pod = {"requests": {"cpu": "1", "memory": "1Gi"}}
    assert found(with_property(workload, "spec.template.spec.resources", pod)) == []
    pod["requests"]["cpu"] = "0"
    (item,) = found(with_property(workload, "spec.template.spec.resources", pod))
    assert "container app does not request cpu\n" in item.message


def test_a_request_that_is_no_quantity_is_not_judged():
    (item,) = found(with_property(kubernetes.stateful_set(), f"{CONTAINER}.requests.cpu", "much"))
    assert messages.UNDETERMINED in item.message
    assert "resources.requests.cpu is 'much', not a quantity" in item.message
    assert item.level == "advisory"
