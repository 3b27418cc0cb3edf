"""Kubernetes objects in the sandbox's cluster: planned, refused, made, replaced."""

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


def test_a_scaled_object_on_a_workload_that_an_hpa_scales_is_planned_and_then_refused(tmp_path):
    program = SmallProgram.at(tmp_path / "scaled", SCALED)
    program.configure(hpa=True)
    program.deployed()
    program.configure(hpa=True, keda=True)
    assert program.planned() == {"queue": "create"}
    refused = program.up()
    assert refused.returncode != 0
    assert "Deployment default/reporting is already managed by the HorizontalPodAutoscaler" in refused.stdout
    assert "queue" not in program.state()


def test_the_workload_is_free_for_the_other_scaler_once_the_first_is_gone(tmp_path):
    program = SmallProgram.at(tmp_path / "freed", SCALED)
    program.configure(keda=True)
    program.deployed()
    program.configure(hpa=True, keda=True)
    assert program.up().returncode != 0
    program.configure()
    program.deployed()
    program.configure(hpa=True)
    program.deployed()
    assert set(program.state()) >= {"cpu"}


def test_a_number_as_a_trigger_value_is_planned_and_then_refused(tmp_path):
    program = SmallProgram.at(tmp_path / "number", SCALED)
    program.configure(keda=True, value=60)
    assert program.planned()["queue"] == "create"
    refused = program.up()
    assert refused.returncode != 0
    assert "spec.triggers[0].metadata.value" in refused.stdout


def test_a_field_that_kubernetes_does_not_know_is_refused_in_preview_with_the_resources_name(tmp_path):
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
    refused = program.pulumi("preview")
    assert refused.returncode != 0
    assert "gateway" in refused.stdout
    assert "unknown field 'replcas'" in refused.stdout


def test_values_that_are_unknown_in_preview_are_taken_and_names_are_made(tmp_path):
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


def test_other_providers_have_stand_ins_and_random_values_are_random(tmp_path):
    program = SmallProgram.at(
        tmp_path / "others",
        """
        import pulumi

        class Resource(pulumi.CustomResource):
            result: pulumi.Output[str]

        made = Resource("random:index/randomString:RandomString", "suffix", {"length": 12, "result": None})
        pulumi.export("suffix", made.result)
        """,
    )
    suffix = program.deployed().outputs()["suffix"]
    assert len(suffix) == 12
    assert program.planned() == {}
    assert program.deployed().outputs()["suffix"] == suffix


def test_a_resource_whose_provider_is_part_of_the_program_is_made(tmp_path):
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


def test_a_release_of_a_chart_is_taken_with_its_name(tmp_path):
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
