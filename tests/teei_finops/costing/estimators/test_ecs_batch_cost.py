"""ECS services on Fargate, App Runner services, AWS Batch environments."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimates_of,
    lines_by_name,
    price,
    resource,
)

SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
FARGATE = {"launchType": "FARGATE", "taskDefinition": UNKNOWN, "desiredCount": 2}
DEPENDS_ON = {"taskDefinition": (TASK, "task")}


def task(**inputs) -> dict:
    return resource(TASK, {"family": "shop", "cpu": "512", "memory": "1024", **inputs}, name="task")


def test_a_fargate_service_bills_the_sizes_of_its_task_definition():
    lines = lines_by_name(estimate_of(SERVICE, FARGATE, task(), depends_on=DEPENDS_ON))
    assert lines == {
        "Task vCPU": (D(730), 730 * D("0.04048")),
        "Task memory": (D(1460), 1460 * D("0.004445")),
    }


@pytest.mark.parametrize("reference", ["shop:3", "arn:aws:ecs:us-east-1:1:task-definition/shop:3", "shop"])
def test_the_task_definition_is_found_by_family_revision_or_arn(reference):
    lines = lines_by_name(estimate_of(SERVICE, {**FARGATE, "taskDefinition": reference}, task()))
    assert lines["Task vCPU"][0] == 730


def test_arm_windows_and_more_ephemeral_storage_have_their_own_rates():
    arm = task(
        cpu="1 vCPU",
        memory="2 GB",
        runtimePlatform={"cpuArchitecture": "ARM64"},
        ephemeralStorage={"sizeInGib": 50},
    )
    lines = lines_by_name(estimate_of(SERVICE, FARGATE, arm, region=EU, depends_on=DEPENDS_ON))
    assert lines["Task vCPU"] == (D(1460), 1460 * D("0.03725"))
    assert lines["Task memory"] == (D(2920), 2920 * D("0.00409"))
    assert lines["Ephemeral storage"] == (D(30 * 1460), 30 * 1460 * D("0.000132"))
    windows = task(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})
    assert lines_by_name(estimate_of(SERVICE, FARGATE, windows, depends_on=DEPENDS_ON))[
        "Windows licence"
    ] == (
        D(730),
        730 * D("0.046"),
    )


def test_a_bigger_task_definition_changes_the_service_that_did_not():
    changed = resource(TASK, {"family": "shop", "cpu": "1024", "memory": "1024"}, name="task", op="update")
    changed["oldState"] = {
        **changed["newState"],
        "inputs": {"family": "shop", "cpu": "512", "memory": "1024"},
    }
    estimate = estimates_of(resource(SERVICE, {**FARGATE, "taskDefinition": "shop"}, op="same"), changed)[0]
    assert estimate.after.expected - estimate.before.expected == 730 * D("0.04048")


def test_a_scaling_target_gives_the_range_and_usage_replaces_it():
    target = resource(
        "aws:appautoscaling/target:Target",
        {"serviceNamespace": "ecs", "resourceId": "service/main/web", "minCapacity": 1, "maxCapacity": 10},
        name="target",
    )
    inputs = {**FARGATE, "name": "web", "cluster": "arn:aws:ecs:us-east-1:1:cluster/main"}
    after = estimate_of(SERVICE, inputs, task(), target, depends_on=DEPENDS_ON).after
    one = 365 * D("0.04048") + 730 * D("0.004445")
    assert (after.low, after.expected, after.high) == (one, 2 * one, 10 * one)
    average = estimate_of(SERVICE, inputs, task(), target, depends_on=DEPENDS_ON, usage={"average_tasks": 4})
    assert dollars(average) == 4 * one
    hours = estimate_of(SERVICE, inputs, task(), depends_on=DEPENDS_ON, usage={"monthly_task_hours": 365})
    assert dollars(hours) == one / 2


def test_spot_tasks_cost_10_to_100_percent_of_the_list_price_or_what_a_stated_discount_leaves():
    spot = {
        **FARGATE,
        "launchType": None,
        "capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT"}],
    }
    full = dollars(estimate_of(SERVICE, FARGATE, task(), depends_on=DEPENDS_ON))
    after = estimate_of(SERVICE, spot, task(), depends_on=DEPENDS_ON).after
    assert (after.low, after.expected, after.high, after.assumed) == (full / 10, full, full, True)
    usage = {"spot_discount_percent": 60}
    stated = estimate_of(SERVICE, spot, task(), depends_on=DEPENDS_ON, usage=usage).after
    assert (stated.low, stated.high, stated.assumed) == (full * D("0.4"), full * D("0.4"), False)


def test_a_strategy_places_its_base_first_and_the_rest_by_weight():
    strategy = [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    inputs = {"taskDefinition": UNKNOWN, "desiredCount": 10, "capacityProviderStrategies": strategy}
    lines = lines_by_name(estimate_of(SERVICE, inputs, task(), depends_on=DEPENDS_ON))
    assert lines["Task vCPU"][0] == 4 * 365
    assert lines["Task vCPU, spot"][0] == 6 * 365
    only_base = [{"capacityProvider": "FARGATE", "base": 1}, {"capacityProvider": "mine", "weight": 1}]
    inputs["capacityProviderStrategies"] = only_base
    lines = lines_by_name(estimate_of(SERVICE, inputs, task(), depends_on=DEPENDS_ON))
    assert lines["Task vCPU"][0] == 365


def test_tasks_on_instances_have_no_cost_of_their_own():
    on_instances = estimate_of(SERVICE, {"desiredCount": 2, "taskDefinition": UNKNOWN})
    assert dollars(on_instances) == 0
    assert any("EC2 instances" in note for note in on_instances.notes)


def test_a_cluster_can_decide_that_tasks_run_on_fargate():
    cluster = resource("aws:ecs/cluster:Cluster", {"name": "main"}, name="main", id="main")
    providers = resource(
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        {"clusterName": "main", "defaultCapacityProviderStrategies": [{"capacityProvider": "FARGATE"}]},
        name="providers",
    )
    inputs = {"cluster": "main", "taskDefinition": "shop", "desiredCount": 1}
    assert lines_by_name(estimate_of(SERVICE, inputs, task(), cluster, providers))["Task vCPU"][0] == 365


def test_a_task_definition_outside_the_preview_is_unpriced():
    assert estimate_of(SERVICE, {**FARGATE, "taskDefinition": "other"}, task()).reason.startswith(
        "value unknown until deploy: taskDefinition"
    )


def test_app_runner_bills_provisioned_memory_and_active_vcpus():
    token = "aws:apprunner/service:Service"
    scaling = resource(
        "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion",
        {"minSize": 2},
        name="scaling",
        id="arn:aws:apprunner:scaling",
    )
    inputs = {
        "autoScalingConfigurationArn": "arn:aws:apprunner:scaling",
        "instanceConfiguration": {"memory": "4 GB"},
    }
    lines = lines_by_name(estimate_of(token, inputs, scaling, usage={"monthly_active_vcpu_hours": 100}))
    assert lines["Provisioned memory"] == (D(8 * 730), 8 * 730 * D("0.007"))
    assert lines["Active vCPU"] == (D(100), D("6.4"))
    assert estimate_of(token, {}, region=EU).reason.startswith("no price in this region: AWSAppRunner")


def test_batch_bills_vcpu_hours_but_never_less_than_the_minimum():
    token = "aws:batch/computeEnvironment:ComputeEnvironment"
    fargate = {"computeResources": {"type": "FARGATE", "maxVcpus": 16}}
    usage = {"monthly_vcpu_hours": 100, "monthly_memory_gb_hours": 400}
    assert dollars(estimate_of(token, fargate, usage=usage)) == D("4.048") + D("1.778")
    assumed = after_lines(estimate_of(token, fargate))[0].quantity
    assert (assumed.low, assumed.high, assumed.assumed) == (0, 16 * 730, True)
    instances = {
        "computeResources": {"type": "EC2", "minVcpus": 4, "maxVcpus": 64, "instanceTypes": ["m5.xlarge"]}
    }
    lines = lines_by_name(estimate_of(token, instances, usage={"monthly_vcpu_hours": 100}))
    rate = price("AmazonEC2", "instance-linux-shared", "m5.xlarge")
    assert lines["m5.xlarge linux, on demand"] == (D(730), 730 * rate)
    optimal = {"computeResources": {"type": "EC2", "maxVcpus": 4, "instanceTypes": ["optimal"]}}
    assert estimate_of(token, optimal).reason.startswith("value unknown until deploy: AWS Batch chooses")


def test_a_task_with_a_public_address_and_a_managed_volume_pays_for_them():
    inputs = {
        **FARGATE,
        "desiredCount": 1,
        "networkConfiguration": {"assignPublicIp": True},
        "volumeConfiguration": {"managedEbsVolume": {"sizeInGb": 100, "volumeType": "gp2"}},
    }
    lines = lines_by_name(estimate_of(SERVICE, inputs, task(), depends_on=DEPENDS_ON))
    assert lines["Public IPv4 address"] == (D(730), D("3.65"))
    assert lines["Managed volume: gp2 storage"] == (D(100), D(10))


def test_only_the_fargate_share_of_mixed_providers_is_billed():
    mixed = {
        "taskDefinition": "shop",
        "desiredCount": 4,
        "capacityProviderStrategies": [
            {"capacityProvider": "FARGATE", "weight": 1},
            {"capacityProvider": "my-instances", "weight": 3},
        ],
    }
    assert lines_by_name(estimate_of(SERVICE, mixed, task()))["Task vCPU"] == (D(365), 365 * D("0.04048"))


def test_a_task_without_a_readable_size_is_unpriced():
    odd = estimate_of(SERVICE, FARGATE, task(cpu="lots"), depends_on=DEPENDS_ON)
    assert odd.reason.startswith("value unknown until deploy: cpu of the task: 'lots' is not a size")
    unset = estimate_of(SERVICE, FARGATE, task(memory=None), depends_on=DEPENDS_ON)
    assert unset.reason == "value unknown until deploy: memory is not set"


def test_app_runner_without_sizes_is_one_instance_of_2_gb():
    memory, active = after_lines(estimate_of("aws:apprunner/service:Service", {}))
    assert memory.quantity.expected == 2 * 730
    assert (active.quantity.low, active.quantity.expected, active.quantity.high) == (0, 73, 730)
    big = {"instanceConfiguration": {"cpu": "4 vCPU", "memory": "8192"}}
    memory, active = after_lines(estimate_of("aws:apprunner/service:Service", big))
    assert (memory.quantity.expected, active.quantity.high) == (8 * 730, 4 * 730)


def test_batch_assumes_up_to_its_maximum_and_leaves_unmanaged_environments_alone():
    token = "aws:batch/computeEnvironment:ComputeEnvironment"
    fargate = {"computeResources": {"type": "FARGATE", "maxVcpus": 10}}
    vcpu, memory = after_lines(estimate_of(token, fargate))
    assert (vcpu.quantity.low, vcpu.quantity.expected, vcpu.quantity.high) == (0, 730, 7300)
    assert (memory.quantity.low, memory.quantity.expected, memory.quantity.high) == (0, 2920, 58400)
    unmanaged = estimate_of(token, {"type": "UNMANAGED"})
    assert dollars(unmanaged) == 0
    assert any("billed separately" in note for note in unmanaged.notes)
    spot = {"computeResources": {"type": "FARGATE_SPOT", "maxVcpus": 10}}
    vcpu, memory = after_lines(estimate_of(token, spot))
    assert (vcpu.what, vcpu.amount.low, vcpu.amount.expected) == (
        "Job vCPU, spot",
        0,
        730 * D("0.04048"),
    )


def test_batch_with_several_types_is_a_range_over_their_price_per_vcpu():
    token = "aws:batch/computeEnvironment:ComputeEnvironment"
    types = {"type": "EC2", "maxVcpus": 8, "instanceTypes": ["m5.xlarge", "c5.2xlarge"]}
    usage = {"monthly_vcpu_hours": 800}
    (hours,) = after_lines(estimate_of(token, {"computeResources": types}, usage=usage))
    cheap, dear = D("0.34") / 8 * 800, D("0.192") / 4 * 800
    assert (hours.amount.low, hours.amount.high) == (cheap, dear)
    assert hours.amount.expected == (cheap + dear) / 2


def test_a_single_provider_without_a_weight_gets_all_tasks_and_spot_instances_have_a_note():
    inputs = {
        "taskDefinition": "shop",
        "desiredCount": 1,
        "capacityProviderStrategies": [{"capacityProvider": "FARGATE"}],
    }
    assert lines_by_name(estimate_of(SERVICE, inputs, task()))["Task vCPU"][0] == 365
    weightless = [{"capacityProvider": "FARGATE"}, {"capacityProvider": "my-instances", "weight": 1}]
    other = estimate_of(SERVICE, {**inputs, "capacityProviderStrategies": weightless}, task())
    assert any("EC2 instances" in note for note in other.notes)
    token = "aws:batch/computeEnvironment:ComputeEnvironment"
    spot = {"type": "SPOT", "maxVcpus": 8, "instanceTypes": ["m5.xlarge"]}
    assert any("spot" in note for note in estimate_of(token, {"computeResources": spot}).notes)
    unnamed = {"type": "EC2", "maxVcpus": 8}
    assert estimate_of(token, {"computeResources": unnamed}).reason.endswith(
        "AWS Batch chooses the instance type (optimal)"
    )
