"""Kubernetes objects in the sandbox, and resources of other providers."""

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine

SCALED = """
    import pulumi
    import pulumi_kubernetes as k8s

    config = pulumi.Config()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "reporting"}
    if config.get_bool("hpa"):
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            "cpu",
            metadata={"name": "reporting"},
            spec={"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4},
        )
    if config.get_bool("keda"):
        k8s.apiextensions.CustomResource(
            "queue",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata={"name": "reporting"},
            spec={
                "scaleTargetRef": {"name": "reporting"},
                "maxReplicaCount": 20,
                "triggers": [{"type": "cpu", "metadata": {"value": config.get_object("value") or "60"}}],
            },
        )
"""


def test_a_scaled_object_on_a_workload_with_an_hpa_is_rejected_on_creation(tmp_path):
    program = SmallProgram.at(tmp_path / "scaled", SCALED)
    program.configure(hpa=True)
    program.deployed()
    program.configure(hpa=True, keda=True)
    assert program.planned() == {"queue": "create"}
    up = program.up()
    assert up.returncode != 0
    assert "Deployment default/reporting is already managed by the HorizontalPodAutoscaler" in up.stdout
    assert "queue" not in program.state()


def test_an_hpa_beside_a_scaled_object_is_accepted_as_by_the_api_server(tmp_path):
    program = SmallProgram.at(tmp_path / "both", SCALED)
    program.configure(keda=True)
    program.deployed()
    program.configure(hpa=True, keda=True)
    program.deployed()
    assert set(program.state()) >= {"cpu", "queue"}


def test_a_workload_can_have_a_scaled_object_after_its_hpa_is_deleted(tmp_path):
    program = SmallProgram.at(tmp_path / "freed", SCALED)
    program.configure(hpa=True)
    program.deployed()
    program.configure(hpa=True, keda=True)
    assert program.up().returncode != 0
    program.configure()
    program.deployed()
    program.configure(keda=True)
    program.deployed()
    assert set(program.state()) >= {"queue"}


def test_a_number_as_a_trigger_value_is_rejected_on_creation(tmp_path):
    program = SmallProgram.at(tmp_path / "number", SCALED)
    program.configure(keda=True, value=60)
    assert program.planned()["queue"] == "create"
    up = program.up()
    assert up.returncode != 0
    assert "spec.triggers[0].metadata.value" in up.stdout


def test_a_preview_rejects_an_unknown_field_and_names_the_resource(tmp_path):
    program = SmallProgram.at(
        tmp_path / "typo",
        """
        import pulumi_kubernetes as k8s
        k8s.apps.v1.Deployment(
            "gateway",
            spec={
                "selector": {"matchLabels": {"app": "gateway"}},
                "replcas": 2,
                "template": {
                    "metadata": {"labels": {"app": "gateway"}},
                    "spec": {"containers": [{"name": "gateway", "image": "gateway:1"}]},
                },
            },
        )
        """,
    )
    preview = program.pulumi("preview")
    assert preview.returncode != 0
    assert "gateway" in preview.stdout
    assert "unknown field 'replcas'" in preview.stdout


def test_a_preview_accepts_unknown_values_and_names_are_generated(tmp_path):
    program = SmallProgram.at(
        tmp_path / "unknown",
        """
        import pulumi
        import pulumi_aws as aws
        import pulumi_kubernetes as k8s
        queue = aws.sqs.Queue("usage")
        config = k8s.core.v1.ConfigMap("settings", data={"queue": queue.url})
        k8s.core.v1.ServiceAccount(
            "writer", metadata={"name": "writer", "annotations": {"queue": queue.arn}, "namespace": "finops"}
        )
        pulumi.export("name", config.metadata["name"])
        pulumi.export("id", config.id)
        """,
    )
    assert set(program.planned().values()) == {"create"}
    outputs = program.deployed().outputs()
    assert outputs["name"].startswith("settings-")
    assert outputs["id"] == f"default/{outputs['name']}"
    assert program.state()["writer"]["id"] == "finops/writer"
    assert program.planned() == {}


def test_other_providers_have_a_fake_and_random_values_stay_in_the_state(tmp_path):
    program = SmallProgram.at(
        tmp_path / "others",
        """
        import pulumi

        class Resource(pulumi.CustomResource):
            result: pulumi.Output[str]

        string = Resource("random:index/randomString:RandomString", "suffix", {"length": 12, "result": None})
        pulumi.export("suffix", string.result)
        """,
    )
    suffix = program.deployed().outputs()["suffix"]
    assert len(suffix) == 12
    assert program.planned() == {}
    assert program.deployed().outputs()["suffix"] == suffix


def test_a_dynamic_resource_is_created_by_the_program(tmp_path):
    program = SmallProgram.at(
        tmp_path / "dynamic",
        """
        import pulumi
        from pulumi.dynamic import CreateResult, Resource, ResourceProvider

        class Doubling(ResourceProvider):
            def create(self, props):
                return CreateResult("doubled", {**props, "twice": 2 * props["value"]})

        class Doubled(Resource):
            twice: pulumi.Output[int]

        pulumi.export("twice", Doubled(Doubling(), "doubled", {"value": 21, "twice": None}).twice)
        """,
    )
    assert program.deployed().outputs()["twice"] == 42


def test_a_helm_release_has_its_name_and_status(tmp_path):
    program = SmallProgram.at(
        tmp_path / "chart",
        """
        import pulumi
        import pulumi_kubernetes as k8s
        release = k8s.helm.v3.Release("loki", chart="loki", name="loki", namespace="logs")
        pulumi.export("status", release.status.status)
        """,
    )
    assert program.deployed().outputs()["status"] == "deployed"
    assert program.state()["loki"]["id"] == "logs/loki"
