from policies.kubernetes_types import Kind, kind_of


def test_the_kind_of_an_object_is_read_from_its_type():
    assert kind_of("kubernetes:apps/v1:Deployment") == Kind("apps", "Deployment")
    assert kind_of("kubernetes:keda.sh/v1alpha1:ScaledObject") == Kind("keda.sh", "ScaledObject")
    for other in ("aws:s3/bucket:Bucket", "pulumi:providers:kubernetes", "kubernetes:a", "kubernetes:a:b:c"):
        assert kind_of(other) is None
