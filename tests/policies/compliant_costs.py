"""AWS resources that cost no more than they need to, one of each kind that the pack checks."""

from tests.policies.compliant_aws import TAGS, aws_resource
from tests.policies.pack_client import FakeResource


def volume() -> FakeResource:
    data = aws_resource("aws:ebs/volume:Volume", "data", type="gp3", size=500)
    data.outputs = {**data.inputs, "id": "vol-1"}
    return data


def fast_volume() -> FakeResource:
    fast = aws_resource("aws:ebs/volume:Volume", "fast", type="io2", size=500, iops=32000)
    fast.outputs = {**fast.inputs, "id": "vol-2"}
    return fast


def attachment() -> FakeResource:
    inputs = {"volumeId": "vol-1", "instanceId": "i-1", "deviceName": "/dev/xvdb"}
    return FakeResource("aws:ec2/volumeAttachment:VolumeAttachment", "data", inputs)


def second_attachment() -> FakeResource:
    inputs = {"volumeId": "vol-2", "instanceId": "i-1", "deviceName": "/dev/xvdc"}
    return FakeResource("aws:ec2/volumeAttachment:VolumeAttachment", "fast", inputs)


def machine() -> FakeResource:
    disks = {"rootBlockDevice": {"volumeType": "gp3"}, "ebsBlockDevices": [{"volumeType": "gp3"}]}
    return aws_resource("aws:ec2/instance:Instance", "worker", instanceType="m7g.large", **disks)


def launch_template() -> FakeResource:
    devices = [{"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3"}}]
    return aws_resource(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "nodes",
        instanceType="m7g.large",
        blockDeviceMappings=devices,
    )


def node_group() -> FakeResource:
    return aws_resource("aws:eks/nodeGroup:NodeGroup", "nodes", instanceTypes=["m7g.large", "m6g.large"])


def document_database() -> FakeResource:
    return aws_resource(
        "aws:docdb/clusterInstance:ClusterInstance", "documents", instanceClass="db.r6g.large"
    )


def cache() -> FakeResource:
    return aws_resource(
        "aws:elasticache/cluster:Cluster",
        "cache",
        engine="redis",
        engineVersion="7.1",
        nodeType="cache.t4g.small",
    )


def storage_class() -> FakeResource:
    labels = {f"finops.teei.io/{key}": value for key, value in TAGS.items()}
    return FakeResource(
        "kubernetes:storage.k8s.io/v1:StorageClass",
        "fast",
        {"metadata": {"labels": labels}, "provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}},
    )


def repository() -> FakeResource:
    return aws_resource("aws:ecr/repository:Repository", "images", name="teei/images")


def image_lifecycle() -> FakeResource:
    inputs = {"repository": "teei/images", "policy": "{}"}
    return FakeResource("aws:ecr/lifecyclePolicy:LifecyclePolicy", "images", inputs)


def table() -> FakeResource:
    return aws_resource(
        "aws:dynamodb/table:Table", "sessions", name="sessions", billingMode="PROVISIONED", readCapacity=5
    )


def on_demand_table() -> FakeResource:
    return aws_resource("aws:dynamodb/table:Table", "events", name="events", billingMode="PAY_PER_REQUEST")


def _scaling_target(direction: str) -> FakeResource:
    return aws_resource(
        "aws:appautoscaling/target:Target",
        f"sessions-{direction}",
        serviceNamespace="dynamodb",
        resourceId="table/sessions",
        scalableDimension=f"dynamodb:table:{direction}CapacityUnits",
        minCapacity=1,
        maxCapacity=50,
    )


def read_target() -> FakeResource:
    return _scaling_target("Read")


def write_target() -> FakeResource:
    return _scaling_target("Write")


def _scaling_policy(direction: str) -> FakeResource:
    inputs = {
        "serviceNamespace": "dynamodb",
        "resourceId": "table/sessions",
        "scalableDimension": f"dynamodb:table:{direction}CapacityUnits",
        "policyType": "TargetTrackingScaling",
    }
    return FakeResource("aws:appautoscaling/policy:Policy", f"sessions-{direction}", inputs)


def read_policy() -> FakeResource:
    return _scaling_policy("Read")


def write_policy() -> FakeResource:
    return _scaling_policy("Write")


def eks_cluster() -> FakeResource:
    return aws_resource("aws:eks/cluster:Cluster", "main", version="1.35", region="us-east-1")


def subnet() -> FakeResource:
    public = aws_resource("aws:ec2/subnet:Subnet", "public-a", vpcId="vpc-1")
    public.outputs = {**public.inputs, "id": "subnet-1"}
    return public


def address() -> FakeResource:
    nat = aws_resource("aws:ec2/eip:Eip", "nat", domain="vpc")
    nat.outputs = {**nat.inputs, "id": "eipalloc-1", "allocationId": "eipalloc-1", "publicIp": "192.0.2.1"}
    return nat


def nat_gateway() -> FakeResource:
    return aws_resource(
        "aws:ec2/natGateway:NatGateway",
        "a",
        subnetId="subnet-1",
        allocationId="eipalloc-1",
        region="us-east-1",
    )


def private_nat_gateway() -> FakeResource:
    return aws_resource(
        "aws:ec2/natGateway:NatGateway",
        "b",
        subnetId="subnet-1",
        connectivityType="private",
        region="us-east-1",
    )


def gateway_endpoint() -> FakeResource:
    name = "com.amazonaws.us-east-1.s3"
    return aws_resource("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", vpcId="vpc-1", serviceName=name)


def interface_endpoint() -> FakeResource:
    return aws_resource(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "sqs",
        vpcId="vpc-1",
        vpcEndpointType="Interface",
        serviceName="com.amazonaws.us-east-1.sqs",
    )


def distribution() -> FakeResource:
    return aws_resource("aws:cloudfront/distribution:Distribution", "site", priceClass="PriceClass_100")


# Each group holds resources that refer to each other.
GROUPS = (
    (volume, fast_volume, attachment, second_attachment),
    (machine, launch_template, node_group, document_database, cache, storage_class),
    (repository, image_lifecycle),
    (table, on_demand_table, read_target, write_target, read_policy, write_policy),
    (eks_cluster,),
    (subnet, address, nat_gateway, private_nat_gateway, gateway_endpoint, interface_endpoint),
    (distribution,),
)
