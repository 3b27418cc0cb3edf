from policies.kubernetes_types import Kind, kind_of
from tests.policies.pack_client import UNKNOWN, FakeResource, Pack


def test_the_kind_of_an_object_is_read_from_its_type():
    assert kind_of("kubernetes:apps/v1:Deployment") == Kind("apps", "Deployment")
    assert kind_of("kubernetes:keda.sh/v1alpha1:ScaledObject") == Kind("keda.sh", "ScaledObject")
    for other in ("aws:s3/bucket:Bucket", "pulumi:providers:kubernetes", "kubernetes:a", "kubernetes:a:b:c"):
        assert kind_of(other) is None


def test_an_object_of_a_custom_kind_without_pods_is_not_checked_as_a_workload():
    template = {"spec": {"requirements": [], "nodeClassRef": {"name": "default"}}}
    spec = {"template": template, "limits": {"cpu": "10"}}
    pool = FakeResource(
        "kubernetes:karpenter.sh/v1:NodePool",
        "pool",
        {"metadata": {"name": "pool", "namespace": UNKNOWN}, "spec": spec},
    )
    assert Pack(config={}).configure_for(None).evaluate(pool) == []
