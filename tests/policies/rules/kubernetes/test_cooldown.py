"""The waits that KEDA and Kubernetes have by default."""

import pytest

from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import Pack, with_property

POLICY = "scaled-object-cools-down"


@pytest.mark.parametrize(("least", "paths"), [(300, 0), (301, 2)])
def test_the_default_window_and_cooldown_are_300_seconds(least, paths):
    scaled = with_property(kubernetes.scaled_to_zero(), "spec.cooldownPeriod", None)
    scaled.inputs["spec"].pop("advanced", None)
    pack = Pack().configure(scaled_object_cools_down={"minimum_seconds": least})
    assert len([item for item in pack.evaluate(scaled) if item.policy == POLICY]) == paths
