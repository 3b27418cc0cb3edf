"""Types that share the estimator of another, or have a small one of their own."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    lines_by_name,
    resource,
)

FSX, STREAM = "aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:kinesis/stream:Stream"
TASK, SERVICE = "aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"
FLINK = "aws:kinesisanalyticsv2/application:Application"
CONNECTOR = "aws:mskconnect/connector:Connector"


def test_an_elasticsearch_domain_has_the_prices_of_opensearch_and_bills_extended_support():
    inputs = {
        "elasticsearchVersion": "7.10",
        "clusterConfig": {"instanceType": "m5.large.elasticsearch", "instanceCount": 2},
        "ebsOptions": {"ebsEnabled": True, "volumeSize": 10},
    }
    lines = lines_by_name(estimate_of("aws:elasticsearch/domain:Domain", inputs))
    assert lines["Data nodes, m5.large.search"][0] == 1460
    assert lines["gp2 storage"] == (D(20), 20 * D("0.135"))
    old = estimate_of("aws:elasticsearch/domain:Domain", {**inputs, "elasticsearchVersion": "7.8"})
    assert lines_by_name(old) == lines
    (missing,) = old.unpriced_lines
    assert missing.startswith("Extended support: no price in this region: AmazonES extended-support m5.large")


def test_a_flink_application_bills_its_units_their_storage_and_one_for_orchestration():
    parallel = {"parallelism": 5, "parallelismPerKpu": 2}
    settings = {"flinkApplicationConfiguration": {"parallelismConfiguration": parallel}}
    inputs = {
        "runtimeEnvironment": "FLINK-1_20",
        "startApplication": True,
        "applicationConfiguration": settings,
    }
    assert lines_by_name(estimate_of(FLINK, inputs)) == {
        "Processing units": (D(3 * 730), 3 * 730 * D("0.11")),
        "Orchestration": (D(730), 730 * D("0.11")),
        "Running storage": (D(150), D(15)),
    }
    assert "not started" in estimate_of(FLINK, {"runtimeEnvironment": "FLINK-1_20"}).notes[0]


def test_a_connector_bills_the_units_of_its_workers():
    fixed = {"capacity": {"provisionedCapacity": {"workerCount": 2, "mcuCount": 4}}}
    assert dollars(estimate_of(CONNECTOR, fixed)) == 8 * 730 * D("0.11")
    scaled = {"capacity": {"autoscaling": {"minWorkerCount": 1, "maxWorkerCount": 3, "mcuCount": 2}}}
    after = estimate_of(CONNECTOR, scaled).after
    unit = 730 * D("0.11")
    assert (after.low, after.expected, after.high) == (2 * unit, 2 * unit, 6 * unit)


def test_a_task_set_runs_its_share_of_a_service_that_runs_none_itself():
    task = resource(TASK, {"family": "shop", "cpu": "1024", "memory": "2048"}, name="task")
    owner = {"desiredCount": 4, "deploymentController": {"type": "EXTERNAL"}}
    inputs = {
        "service": UNKNOWN,
        "taskDefinition": "shop",
        "launchType": "FARGATE",
        "scale": {"unit": "PERCENT", "value": 25},
    }
    estimate = estimate_of(
        "aws:ecs/taskSet:TaskSet",
        inputs,
        task,
        resource(SERVICE, owner, name="web"),
        depends_on={"service": (SERVICE, "web")},
    )
    assert lines_by_name(estimate)["Task vCPU"][0] == 730
    assert dollars(estimate_of(SERVICE, owner)) == 0


@pytest.mark.parametrize("token", ["aws:waf/webAcl:WebAcl", "aws:wafregional/webAcl:WebAcl"])
def test_waf_classic_bills_the_acl_its_rules_and_requests(token):
    estimate = estimate_of(token, {"rules": [{}, {}]}, usage={"monthly_requests": 1_000_000})
    assert amounts_by_name(estimate) == {"Web ACL": D(5), "Rules": D(2), "Requests": D("0.6")}


@pytest.mark.parametrize("kind", ["externalKey:ExternalKey", "replicaExternalKey:ReplicaExternalKey"])
def test_a_key_with_imported_material_costs_what_another_does(kind):
    usage = {"monthly_symmetric_requests": 0}
    assert dollars(estimate_of(f"aws:kms/{kind}", {}, usage=usage)) == 1


def test_a_consumer_bills_every_shard_of_its_stream():
    consumer, source = {"streamArn": UNKNOWN}, {"streamArn": (STREAM, "s")}
    token = "aws:kinesis/streamConsumer:StreamConsumer"
    stream = resource(STREAM, {"shardCount": 4}, name="s")
    assert dollars(estimate_of(token, consumer, stream, depends_on=source)) == 4 * 730 * D("0.015")
    on_demand = resource(STREAM, {"streamModeDetails": {"streamMode": "ON_DEMAND"}}, name="s")
    assert dollars(estimate_of(token, consumer, on_demand, depends_on=source)) == 0
    assert "not in the preview" in estimate_of(token, {"streamArn": "arn:x"}).reason


def test_a_backup_is_billed_by_the_kind_of_its_file_system():
    files = resource(FSX, {"storageCapacity": 1_000}, name="files", id="fs-1")
    after = estimate_of("aws:fsx/backup:Backup", {"fileSystemId": "fs-1"}, files).after
    assert (after.low, after.expected, after.high) == (0, 25, 50)


def test_a_training_job_is_billed_up_to_its_longest_run_time():
    inputs = {
        "resourceConfig": {"instanceType": "ml.m5.xlarge", "instanceCount": 2},
        "stoppingCondition": {"maxRuntimeInSeconds": 7_200},
    }
    after = estimate_of("aws:sagemaker/trainingJob:TrainingJob", inputs).after
    assert (after.low, after.high) == (0, 2 * 2 * D("0.23"))


def test_capacity_that_is_reserved_is_billed_used_or_not():
    athena = estimate_of("aws:athena/capacityReservation:CapacityReservation", {"targetDpus": 24})
    assert dollars(athena) == 24 * 730 * D("0.3")
    endpoint = estimate_of("aws:glue/devEndpoint:DevEndpoint", {"numberOfWorkers": 2, "workerType": "G.2X"})
    assert dollars(endpoint) == 4 * 730 * D("0.44")
    domains = {"domains": ["a.", "b."]}
    firewall = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
    assert dollars(estimate_of(firewall, domains)) == 2 * D("0.0005")
    monitor = {"resources": ["vpc-1", "vpc-2"]}
    token = "aws:cloudwatch/internetMonitor:InternetMonitor"
    assert dollars(estimate_of(token, monitor)) == 2 * 730 * D("0.01")
    assert dollars(estimate_of(token, {**monitor, "status": "INACTIVE"})) == 0


def test_a_copied_volume_has_the_settings_of_its_source_where_it_states_none():
    source = resource("aws:ebs/volume:Volume", {"size": 100, "type": "gp3"}, name="v", id="vol-1")
    copy = {"sourceVolumeId": "vol-1"}
    token = "aws:ebs/volumeCopy:VolumeCopy"
    assert dollars(estimate_of(token, copy, source)) == 8
    assert dollars(estimate_of(token, {**copy, "size": 200, "volumeType": "gp2"}, source)) == 20
