"""The pods that a stack declares run in a namespace with the restricted Pod Security Standard."""

import pytest

from policies.kubernetes_types import is_workload
from tests.components.recorded import record
from tests.components.stack_config import STACKS
from tests.policies.pack_client import FakeResource, Pack


@pytest.mark.parametrize("stack", STACKS)
def test_every_pod_meets_the_restricted_standard(stack):
    workloads = [
        FakeResource(resource.type, resource.name, resource.inputs)
        for resource in record(stack).kubernetes()
        if is_workload(resource.type)
    ]
    assert {workload.type.rpartition(":")[2] for workload in workloads} >= {"Job", "CronJob"}
    diagnostics = Pack().evaluate(*workloads)
    assert [item for item in diagnostics if item.policy == "pods-meet-the-restricted-standard"] == []
