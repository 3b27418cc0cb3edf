"""The rules on an AWS account, on moto. Amounts are worked out by hand from list prices in us-east-1."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import boto3
import botocore.session
import pytest
from botocore import xform_name
from moto import mock_aws

from functions.advisor.account.context import Account
from functions.advisor.account.examine import RULES
from functions.advisor.catalogue import rules
from functions.advisor.findings import Finding
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws

REGION = "us-east-1"
GIB = 1024**3
# moto creates everything now; the report is of half a year later.
NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=180)
SETTINGS = Settings(regions=(REGION,))
TAGS = [{"Key": "team", "Value": "data"}]


class Recorded(Aws):
    """Notes the IAM actions of the calls by the rule that is evaluated."""

    def __init__(self):
        super().__init__((REGION,))
        self.called: set[tuple[str, str]] = set()

    def call(self, service, operation, region="", **parameters):
        self.called.add((service, operation))
        return super().call(service, operation, region, **parameters)

    def pages(self, service, operation, region="", **parameters):
        self.called.add((service, operation))
        return super().pages(service, operation, region, **parameters)


@cache
def client(service):
    """A client, made once, since that takes long."""
    return boto3.client(service, REGION)


def metric(namespace, name, values, **dimensions):
    """Puts daily values that end on the day before the report."""
    client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                "Timestamp": NOW - timedelta(days=number, hours=-1),
                "Value": value,
            }
            for number, value in enumerate(values, 1)
        ],
    )


def create_network():
    ec2, elb = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(
        VpcId=vpc, InternetGatewayId=ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    )
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    for name, requests in (("idle", 0), ("busy", 1000)):
        arn = elb.create_load_balancer(Name=name, Subnets=subnets, Scheme="internet-facing", Tags=TAGS)[
            "LoadBalancers"
        ][0]["LoadBalancerArn"]
        if requests:
            short = arn.partition("loadbalancer/")[2]
            metric("AWS/ApplicationELB", "RequestCount", [requests] * 14, LoadBalancer=short)
    for gib_a_day in (0.01, 50):
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"][
            "NatGatewayId"
        ]
        metric("AWS/NATGateway", "BytesOutToDestination", [gib_a_day * GIB] * 14, NatGatewayId=gateway)
    ec2.allocate_address(Domain="vpc")
    return subnets


def create_volumes():
    ec2 = client("ec2")
    zone = f"{REGION}a"
    ec2.create_volume(AvailabilityZone=zone, Size=500, VolumeType="gp3", Iops=6000, Throughput=300)
    instance = ec2.run_instances(
        ImageId="ami-04b9e92b5572fa0d1", MinCount=1, MaxCount=1, InstanceType="m4.large"
    )["Instances"][0]
    for device, size, kind, iops in (
        ("f", 500, "gp2", None),
        ("g", 100, "io1", 4000),
        ("h", 100, "io2", 20_000),
    ):
        volume = ec2.create_volume(
            AvailabilityZone=instance["Placement"]["AvailabilityZone"], Size=size, VolumeType=kind,
            **({"Iops": iops} if iops else {}),
        )["VolumeId"]  # fmt: skip
        ec2.attach_volume(VolumeId=volume, InstanceId=instance["InstanceId"], Device=f"/dev/sd{device}")
    kept = ec2.create_volume(AvailabilityZone=zone, Size=200, VolumeType="gp3")["VolumeId"]
    ec2.attach_volume(VolumeId=kept, InstanceId=instance["InstanceId"], Device="/dev/sdi")
    ec2.create_snapshot(VolumeId=kept, Description="before the migration")


def create_databases(subnets):
    rds = client("rds")
    common = {"AllocatedStorage": 100, "Engine": "postgres", "StorageType": "gp3", "Tags": TAGS}
    for name, kind, version, connections, cpu in (
        ("idle", "db.m7g.large", "16.4", 0, 2), ("large", "db.m7g.2xlarge", "16.4", 40, 25),
        ("old", "db.m4.large", "16.4", 40, 80), ("ancient", "db.m7g.large", "11.22", 40, 80),
        ("well", "db.m7g.large", "16.4", 40, 80),
    ):  # fmt: skip
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass=kind, EngineVersion=version, **common
        )
        metric("AWS/RDS", "DatabaseConnections", [connections] * 14, DBInstanceIdentifier=name)
        metric("AWS/RDS", "CPUUtilization", [cpu] * 14, DBInstanceIdentifier=name)
    eks = client("eks")
    for name, version in (("aged", "1.30"), ("fresh", "1.36")):
        eks.create_cluster(
            name=name, version=version, roleArn="arn:aws:iam::123456789012:role/eks",
            resourcesVpcConfig={"subnetIds": subnets},
        )  # fmt: skip
    cache = client("elasticache")
    for name, commands, cpu, memory in (("unread", 0, 1, 1), ("roomy", 9, 10, 20), ("right", 9, 70, 80)):
        cache.create_cache_cluster(
            CacheClusterId=name, Engine="redis", CacheNodeType="cache.m7g.xlarge", NumCacheNodes=1, Tags=TAGS
        )
        for metric_name, value in (
            ("GetTypeCmds", commands), ("SetTypeCmds", commands), ("CPUUtilization", cpu),
            ("DatabaseMemoryUsagePercentage", memory),
        ):  # fmt: skip
            metric("AWS/ElastiCache", metric_name, [value] * 14, CacheClusterId=name)


def create_storage():
    s3 = client("s3")
    for name, size, objects in (
        ("plain", 1000, 10_000),
        ("versioned", 400, 10_000),
        ("managed", 1000, 10_000),
    ):
        s3.create_bucket(Bucket=name)
        metric("AWS/S3", "BucketSizeBytes", [size * GIB], BucketName=name, StorageType="StandardStorage")
        metric("AWS/S3", "NumberOfObjects", [objects], BucketName=name, StorageType="AllStorageTypes")
    noncurrent = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
    for name, actions in (("versioned", {"Expiration": {"Days": 90}}), ("managed", noncurrent)):
        rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, **actions}
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for size in (100, 300):
            s3.put_object(Bucket=name, Key="key", Body=b"x" * size)
    logs = client("logs")
    for name, days in (("/forever", None), ("/month", 30)):
        logs.create_log_group(logGroupName=name, tags={"team": "data"})
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    client("secretsmanager").create_secret(Name="forgotten", SecretString="x", Tags=TAGS)


@pytest.fixture(scope="module")
def account():
    """(the recorded calls by rule, the evaluated)."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        subnets = create_network()
        create_volumes()
        create_databases(subnets)
        create_storage()
        yield


S3_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "ListObjectVersions": "ListBucketVersions",
}
SERVICES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


def iam_action(service, operation):
    """The IAM action of a boto3 method."""
    model = botocore.session.get_session().get_service_model(service)
    name = next(name for name in model.operation_names if xform_name(name) == operation)
    return f"{SERVICES.get(service, service)}:{S3_ACTIONS.get(name, name) if service == 's3' else name}"


class Evaluated(NamedTuple):
    """What one rule found, and the IAM actions that it needed."""

    findings: list[Finding]
    actions: set[str]


@pytest.fixture(scope="module")
def evaluated(account):  # noqa: ARG001
    """Every rule by its id."""
    prices, ownership = Prices(NOW.date()), Ownership(SETTINGS.owner_keys, {})
    results = {}
    aws = Recorded()
    for rule, find in RULES.items():
        aws.called = set()
        findings = list(find(Account(aws, SETTINGS, prices, ownership, NOW, REGION)))
        results[rule] = Evaluated(findings, {iam_action(*call) for call in aws.called})
    return results


def found(evaluated, rule):
    """(the end of the resource's name, its saving, the owner) of each finding of a rule.

    The volumes and snapshots of moto's own images are left out.
    """
    return sorted(
        (finding.resource.rpartition(":")[2].rpartition("/")[2], finding.saving_list, finding.owner)
        for finding in evaluated[rule].findings
        if not re.search(r"^8 GiB|at most (8|15) GiB", finding.evidence)
    )


def savings(evaluated, rule):
    return [saving for _, saving, _ in found(evaluated, rule)]


def test_volumes_are_priced_with_their_iops_and_throughput(evaluated):
    # 500 GiB x 0.08 + 3,000 of the 6,000 IOPS x 0.005 + 175 of the 300 MiB/s x 0.04
    assert savings(evaluated, "unattached-volume") == [Decimal("62")]


def test_gp3_must_perform_as_the_volume_that_it_replaces(evaluated):
    # gp2: 500 GiB x 0.10 - (500 x 0.08 + 125 MiB/s x 0.04)
    assert savings(evaluated, "gp2-volume") == [Decimal("5")]
    # io1: 100 x 0.125 + 4,000 x 0.065 - (100 x 0.08 + 1,000 x 0.005 + 375 x 0.04); io2 with 20,000 IOPS stays
    assert savings(evaluated, "provisioned-iops-volume") == [Decimal("244.5")]


def test_old_snapshots_addresses_and_secrets(evaluated):
    assert savings(evaluated, "snapshots-expire") == [Decimal("10")]  # 200 GiB x 0.05
    assert savings(evaluated, "unassociated-address") == [Decimal("3.65")]
    assert [(saving, owner) for _, saving, owner in found(evaluated, "unused-secret")] == [
        (Decimal("0.4"), "data")
    ]


def test_a_load_balancer_without_traffic_costs_its_hours_and_addresses(evaluated):
    (finding,) = evaluated["idle-load-balancer"].findings
    assert "/idle/" in finding.resource
    assert finding.saving_list == Decimal("23.725")  # 730 x (0.0225 + 2 x 0.005)
    assert finding.change.startswith("verify before deleting: ")
    assert finding.owner == "data"


def test_a_nat_gateway_that_sends_little_costs_its_hours_and_address(evaluated):
    assert savings(evaluated, "idle-nat-gateway") == [Decimal("36.5")]  # 730 x (0.045 + 0.005)


def test_databases_that_are_idle_oversized_old_or_out_of_support(evaluated):
    assert found(evaluated, "idle-database") == [
        ("idle", Decimal("134.14"), "data")
    ]  # 730 x 0.168 + 100 x 0.115
    assert ("large", Decimal("246.01"), "data") in found(
        evaluated, "oversized-database"
    )  # 730 x (0.674 - 0.337)
    assert found(evaluated, "database-is-current-generation") == [("old", None, "data")]
    # 2 vCPUs x 0.20 x 730 in the third year; EKS 0.50 x 730
    assert found(evaluated, "version-in-extended-support") == [
        ("aged", Decimal("365"), ""), ("ancient", Decimal("292"), "data"),
    ]  # fmt: skip


def test_caches_that_are_idle_or_oversized(evaluated):
    assert found(evaluated, "idle-cache") == [("unread", Decimal("229.95"), "data")]  # 730 x 0.315
    assert ("roomy", Decimal("114.61"), "data") in found(
        evaluated, "oversized-cache"
    )  # 730 x (0.315 - 0.158)
    assert "right" not in [name for name, *_ in found(evaluated, "oversized-cache")]


def test_an_instance_of_a_previous_generation_is_compared_with_the_same_architecture(evaluated):
    assert savings(evaluated, "previous-generation-instance") == [Decimal("9.928")]  # 730 x (0.1 - 0.0864)


def test_buckets_and_log_groups_that_keep_everything(evaluated):
    assert found(evaluated, "bucket-has-a-lifecycle") == [
        ("plain", Decimal("10.5"), "")
    ]  # 1,000 x (0.023 - 0.0125)
    (versioned,) = evaluated["bucket-expires-old-versions"].findings
    assert versioned.resource == "arn:aws:s3:::versioned"
    assert "25 % of the bytes" in versioned.evidence
    (group,) = evaluated["log-group-has-retention"].findings
    assert group.resource.endswith("log-group:/forever")
    assert group.owner == "data"


def test_each_rule_calls_what_its_permissions_allow_and_nothing_else(evaluated):
    for rule, (_, actions) in evaluated.items():
        assert actions - {"sts:GetCallerIdentity"} == set(rules()[rule].permissions), rule
