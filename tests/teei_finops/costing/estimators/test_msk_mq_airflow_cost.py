"""MSK, Amazon MQ and Managed Airflow."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimate_with_prices,
    lines_by_name,
    resource,
)

MSK = "aws:msk/cluster:Cluster"
MQ = "aws:mq/broker:Broker"
MWAA = "aws:mwaa/environment:Environment"


def kafka(kind="kafka.m7g.large", **ebs) -> dict:
    storage = {"ebsStorageInfo": {"volumeSize": 500, **ebs}}
    return {"numberOfBrokerNodes": 3, "brokerNodeGroupInfo": {"instanceType": kind, "storageInfo": storage}}


def test_a_kafka_cluster_bills_brokers_and_their_volumes():
    assert lines_by_name(estimate_of(MSK, kafka(), region=EU, usage={"monthly_hours": 100})) == {
        "kafka.m7g.large brokers": (D(300), 300 * D("0.2445")),
        "Broker storage": (D(1500), 1500 * D("0.119")),
    }


def test_tiered_storage_is_billed_when_enabled_or_in_usage():
    tiered = after_lines(estimate_of(MSK, {**kafka(), "storageMode": "TIERED"}))[-1]
    assert (tiered.quantity.high, tiered.assumed) == (1000, True)
    usage = {"tiered_storage_gb": 100, "monthly_tiered_retrieval_gb": 1000}
    lines = lines_by_name(estimate_of(MSK, kafka(), usage=usage))
    assert lines["Tiered storage"] == (D(100), D(6))
    assert lines["Tiered retrieval"] == (D(1000), D("1.5"))


def test_throughput_above_the_included_has_no_price_and_express_brokers_no_volumes():
    fast = {"provisionedThroughput": {"enabled": True, "volumeThroughput": 400}}
    assert estimate_of(MSK, kafka(**fast)).reason.startswith(
        "no price in this region: AmazonMSK broker-storage throughput"
    )
    included = {"provisionedThroughput": {"enabled": True, "volumeThroughput": 250}}
    assert len(lines_by_name(estimate_of(MSK, kafka(**included)))) == 2
    express = {"numberOfBrokerNodes": 3, "brokerNodeGroupInfo": {"instanceType": "express.m7g.large"}}
    assert dollars(estimate_of(MSK, express)) == 3 * 730 * D("0.408")
    plain = {"numberOfBrokerNodes": 3, "brokerNodeGroupInfo": {"instanceType": "kafka.m5.large"}}
    assert estimate_of(MSK, plain).reason.startswith(
        "value unknown until deploy: brokerNodeGroupInfo.storageInfo"
    )


def test_serverless_kafka_bills_hours_partitions_data_and_storage():
    usage = {
        "monthly_partition_hours": 1000,
        "monthly_data_in_gb": 10,
        "monthly_data_out_gb": 20,
        "storage_gb": 100,
    }
    assert lines_by_name(estimate_of("aws:msk/serverlessCluster:ServerlessCluster", {}, usage=usage)) == {
        "Cluster": (D(730), D("547.5")),
        "Partitions": (D(1000), D("1.5")),
        "Data in": (D(10), D(1)),
        "Data out": (D(20), D(1)),
        "Storage": (D(100), D(10)),
    }


def test_message_brokers_bill_engine_deployment_and_storage():
    active = {
        "engineType": "ActiveMQ",
        "deploymentMode": "ACTIVE_STANDBY_MULTI_AZ",
        "hostInstanceType": "mq.m5.large",
    }
    assert lines_by_name(estimate_of(MQ, active, usage={"storage_gb": 10})) == {
        "mq.m5.large activemq-active-standby": (D(730), 730 * D("0.576")),
        "Storage": (D(10), D(3)),
    }
    rabbit = {"engineType": "RabbitMQ", "hostInstanceType": "mq.m5.2xlarge"}
    assert dollars(
        estimate_of(MQ, rabbit, region=EU, usage={"storage_gb": 10, "monthly_hours": 100})
    ) == 138 + D("1.19")
    assert estimate_of(MQ, active, region=EU).reason.startswith(
        "no price in this region: AmazonMQ activemq-active-standby"
    )


def test_airflow_bills_the_environment_and_what_it_does_not_include():
    usage = {"metadata_storage_gb": 10}
    assert lines_by_name(estimate_of(MWAA, {}, usage=usage)) == {
        "mw1.small environment": (D(730), 730 * D("0.49")),
        "Additional workers": (D(0), D(0)),
        "Metadata database": (D(10), D(1)),
    }
    inputs = {"environmentClass": "mw1.medium", "minWorkers": 3, "maxWorkers": 3, "schedulers": 4}
    lines = lines_by_name(estimate_of(MWAA, inputs, usage=usage))
    assert lines["Additional workers"] == (D(1460), 1460 * D("0.11"))
    assert lines["Additional schedulers"] == (D(1460), 1460 * D("0.11"))
    usage = {
        **usage,
        "average_additional_workers": 1,
        "average_additional_schedulers": 1,
        "monthly_hours": 100,
    }
    lines = lines_by_name(estimate_of(MWAA, inputs, usage=usage))
    assert lines["Additional workers"] == (D(300), D(33))
    assert lines["Additional schedulers"] == (D(100), D(11))
    assert estimate_of(MWAA, {}, region=EU).reason.startswith(
        "no price in this region: AmazonMWAA environment mw1.small"
    )


def test_missing_usage_of_a_broker_is_assumed():
    serverless = after_lines(estimate_of("aws:msk/serverlessCluster:ServerlessCluster", {}))
    assert [(line.quantity.low, line.quantity.expected, line.quantity.high) for line in serverless[1:]] == [
        (0, 7300, 73000),
        (0, 100, 1000),
        (0, 100, 1000),
        (0, 10, 100),
    ]
    assert len(after_lines(estimate_of(MSK, kafka()))) == 2
    tiered = after_lines(estimate_of(MSK, {**kafka(), "storageMode": "TIERED"}))[-1].quantity
    assert (tiered.low, tiered.expected) == (0, 100)
    workers, database = after_lines(estimate_of(MWAA, {}))[1:]
    assert (workers.quantity.low, workers.quantity.high) == (0, 9 * 730)
    assert (database.quantity.low, database.quantity.expected, database.quantity.high) == (0, 1, 10)


def test_a_rabbitmq_cluster_is_billed_as_a_whole_and_stores_three_times():
    cluster = {
        "engineType": "RabbitMQ",
        "deploymentMode": "cluster_multi_az",
        "hostInstanceType": "mq.m5.xlarge",
    }
    broker, storage = after_lines(estimate_of(MQ, cluster))
    assert broker.amount.expected == 730 * D("1.728")
    assert (storage.quantity.low, storage.quantity.expected, storage.quantity.high) == (0, 20, 600)
    on_ebs = {"engineType": "ActiveMQ", "hostInstanceType": "mq.t2.micro", "storageType": "ebs"}
    assert lines_by_name(estimate_of(MQ, on_ebs, usage={"storage_gb": 10}))["Storage"] == (D(10), D(1))


def test_provisioned_throughput_bills_once_it_has_a_price():
    rows = {("AmazonMSK", "broker-storage", "throughput"): "0.08"}
    fast = kafka(provisionedThroughput={"enabled": True, "volumeThroughput": 350})
    assert lines_by_name(estimate_with_prices(rows, resource(MSK, fast)))["Provisioned throughput"] == (
        D(300),
        D(24),
    )
