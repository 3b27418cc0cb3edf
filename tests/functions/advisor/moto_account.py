"""An AWS account on moto with resources that cost too much, and resources that do not."""

from datetime import UTC, datetime, timedelta
from functools import cache

import boto3

REGION = "us-east-1"
GIB = 1024**3
# moto creates everything now; the report is of half a year later.
NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=180)
TAGS = [{"Key": "team", "Value": "data"}]


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
    for name, kind, version, connections, cpu, free in (
        ("idle", "db.m7g.large", "16.4", 0, 2, 7), ("large", "db.m7g.2xlarge", "16.4", 40, 25, 22),
        ("old", "db.m4.large", "16.4", 40, 80, 2), ("ancient", "db.m7g.large", "11.22", 40, 80, 2),
        ("well", "db.m7g.large", "16.4", 40, 80, 2), ("full", "db.m7g.2xlarge", "16.4", 40, 25, 15),
        ("crowded", "db.m7g.2xlarge", "16.4", 1600, 25, 22),
        ("unseen", "db.m7g.2xlarge", "16.4", 40, 25, None),
    ):  # fmt: skip
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass=kind, EngineVersion=version, **common
        )
        metric("AWS/RDS", "DatabaseConnections", [connections] * 14, DBInstanceIdentifier=name)
        metric("AWS/RDS", "CPUUtilization", [cpu] * 14, DBInstanceIdentifier=name)
        if free is not None:
            metric("AWS/RDS", "FreeableMemory", [free * GIB] * 14, DBInstanceIdentifier=name)
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
        ("neglected", 1000, 10_000),
    ):
        s3.create_bucket(Bucket=name)
        metric("AWS/S3", "BucketSizeBytes", [size * GIB], BucketName=name, StorageType="StandardStorage")
        metric("AWS/S3", "NumberOfObjects", [objects], BucketName=name, StorageType="AllStorageTypes")
    noncurrent = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
    for name, actions in (
        ("versioned", {"Expiration": {"Days": 90}}),
        ("managed", noncurrent),
        ("neglected", None),
    ):
        if actions:
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
