"""What counts as a request of a container."""

import pytest

from policies import messages
from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import UNKNOWN, Diagnostic, FakeResource, Pack, with_property

POLICY = "containers-request-resources"
CONTAINER = "spec.template.spec.containers.0.resources"


def found(*resources: FakeResource) -> list[Diagnostic]:
    return [item for item in Pack().evaluate(*resources) if item.policy == POLICY]


DEFAULTS = {"type": "Container", "defaultRequest": {"cpu": "100m"}, "default": {"memory": "1Gi"}}


@pytest.mark.parametrize(
    ("limit", "namespace", "reported"),
    [
        (DEFAULTS, "shop", None),
        (DEFAULTS, "other", "does not request cpu and memory"),
        (DEFAULTS | {"type": "Pod"}, "shop", "does not request cpu and memory"),
        ({"type": "Container", "defaultRequest": {"cpu": "1"}}, "shop", "does not request memory"),
        (DEFAULTS, UNKNOWN, messages.UNDETERMINED),
    ],
)
def test_a_limit_range_of_the_namespace_gives_default_requests(limit, namespace, reported):
    workload = with_property(kubernetes.stateful_set(), CONTAINER)
    workload = with_property(workload, "spec.template.spec.initContainers")
    workload = with_property(workload, "metadata.namespace", "shop")
    inputs = {"metadata": {"name": "defaults", "namespace": namespace}, "spec": {"limits": [limit]}}
    items = found(workload, FakeResource("kubernetes:core/v1:LimitRange", "defaults", inputs))
    assert [reported in item.message for item in items] == ([True] if reported else [])


def test_a_limit_range_of_an_unknown_namespace_does_not_matter_to_containers_with_requests():
    inputs = {"metadata": {"name": "defaults", "namespace": UNKNOWN}, "spec": {"limits": [DEFAULTS]}}
    limit_range = FakeResource("kubernetes:core/v1:LimitRange", "defaults", inputs)
    assert found(kubernetes.stateful_set(), limit_range) == []


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


def test_an_empty_request_is_none():
    (item,) = found(with_property(kubernetes.stateful_set(), f"{CONTAINER}.requests.cpu", ""))
    assert "does not request cpu" in item.message
