"""Policies on costs: references that are unknown until deploy, opt-outs, and the amounts in messages."""

from dataclasses import replace
from datetime import date

import pytest

from policies import messages
from tests.policies import compliant_aws as aws
from tests.policies import compliant_costs as costs
from tests.policies.compliant_aws import aws_resource
from tests.policies.pack_client import UNKNOWN, FakeResource, Pack, with_property

FIRST_DEPLOY = [
    (costs.volume(), costs.attachment(), "volumeId", "unattached-volume"),
    (costs.address(), costs.nat_gateway(), "allocationId", "unassociated-address"),
    (costs.repository(), costs.image_lifecycle(), "repository", "repository-expires-images"),
    (aws.ai_budget_function(), aws.function_log_group(), "name", "function-has-a-log-group"),
]


def on_first_deploy(
    target: FakeResource, user: FakeResource, key: str, dependencies: dict[str, list[str]]
) -> set[tuple[str, str]]:
    target = replace(target, outputs={**target.inputs, "id": UNKNOWN})
    user = replace(with_property(user, key, UNKNOWN), dependencies=dependencies)
    found = Pack().evaluate(target, user, costs.gateway_endpoint())
    return {(diagnostic.policy, diagnostic.level) for diagnostic in found}


@pytest.mark.parametrize(("target", "user", "key", "policy"), FIRST_DEPLOY, ids=lambda value: str(value)[:30])
def test_before_the_first_deploy_the_tracked_dependency_says_what_uses_a_resource(target, user, key, policy):
    assert policy not in dict(on_first_deploy(target, user, key, {key: [target.urn]}))
    assert (policy, "advisory") in on_first_deploy(target, user, key, {})
    other = target.urn.replace(target.name, "other")
    assert policy in dict(on_first_deploy(target, user, key, {key: [other]}))


def test_a_persistent_volume_of_kubernetes_attaches_an_ebs_volume():
    volume = costs.volume()
    spec = {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}
    used = FakeResource("kubernetes:core/v1:PersistentVolume", "data", {"spec": spec})
    assert "unattached-volume" not in policies(Pack(), volume, used)
    spec = {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-9"}}
    assert "unattached-volume" in policies(Pack(), volume, replace(used, inputs={"spec": spec}))


def test_an_address_of_an_instance_or_a_load_balancer_is_associated():
    address = costs.address()
    assert "unassociated-address" in policies(Pack(), address)
    own = replace(address, inputs={**address.inputs, "instance": UNKNOWN})
    assert "unassociated-address" not in policies(Pack(), own)
    mappings = [{"subnetId": "subnet-1", "allocationId": UNKNOWN}]
    balancer = aws_resource("aws:lb/loadBalancer:LoadBalancer", "nlb", subnetMappings=mappings)
    balancer.dependencies = {"subnetMappings": [address.urn]}
    assert "unassociated-address" not in policies(Pack(), address, balancer)


@pytest.mark.parametrize(
    ("key", "pool", "reported"),
    [
        ("publicIpv4Pool", "amazon", True),
        ("publicIpv4Pool", "ipv4pool-ec2-012345", False),
        ("customerOwnedIpv4Pool", "ipv4pool-coip-012345", False),
        ("ipamPoolId", "ipam-pool-012345", False),
    ],
)
def test_an_address_of_a_pool_is_not_billed_by_itself(key, pool, reported):
    address = with_property(costs.address(), key, pool)
    assert ("unassociated-address" in policies(Pack(), address)) is reported


def test_a_volume_that_several_instances_attach_may_be_io_two():
    volume = with_property(costs.fast_volume(), "iops", 3000)
    assert "provisioned-iops-volume" in policies(Pack(), volume)
    shared = with_property(volume, "multiAttachEnabled", True)
    assert "provisioned-iops-volume" not in policies(Pack(), shared)


@pytest.mark.parametrize(
    ("size", "iops", "reported"), [(10, 5000, True), (10, 5001, False), (1, 3000, True), (None, 16000, True)]
)
def test_a_small_volume_may_have_more_iops_than_gp3_has_at_its_size(size, iops, reported):
    volume = with_property(with_property(costs.fast_volume(), "iops", iops), "size", size)
    assert ("provisioned-iops-volume" in policies(Pack(), volume)) is reported


def test_a_volume_of_the_in_tree_driver_is_attached():
    spec = {"awsElasticBlockStore": {"volumeID": "vol-1"}}
    used = FakeResource("kubernetes:core/v1:PersistentVolume", "data", {"spec": spec})
    assert "unattached-volume" not in policies(Pack(), costs.volume(), used)


def test_only_public_nat_gateways_send_traffic_to_s3_unless_an_interface_endpoint_has_its_name():
    policy = "nat-gateway-without-gateway-endpoint"
    assert policy in policies(Pack(), costs.nat_gateway())
    assert policy not in policies(Pack(), costs.private_nat_gateway())
    endpoint = with_property(costs.gateway_endpoint(), "vpcEndpointType", "Interface")
    assert policy in policies(Pack(), costs.nat_gateway(), endpoint)
    named = with_property(endpoint, "privateDnsEnabled", True)
    assert policy not in policies(Pack(), costs.nat_gateway(), named)


@pytest.mark.parametrize(("vpc", "reported"), [("vpc-1", False), ("vpc-2", True), (UNKNOWN, False)])
def test_a_gateway_endpoint_serves_the_nat_gateways_of_its_own_vpc(vpc, reported):
    gateway = aws_resource("aws:ec2/natGateway:NatGateway", "a", vpcId="vpc-1", availabilityMode="regional")
    endpoint = with_property(costs.gateway_endpoint(), "vpcId", vpc)
    found = policies(Pack(), gateway, endpoint)
    assert ("nat-gateway-without-gateway-endpoint" in found) is reported


def test_a_log_group_of_the_delivery_class_keeps_events_for_two_days_whatever_it_sets():
    group = with_property(aws.log_group(), "retentionInDays", None)
    assert policies(Pack(), group) == {"log-group-has-retention"}
    assert policies(Pack(), with_property(group, "logGroupClass", "DELIVERY")) == set()


def test_a_lifecycle_policy_of_no_repository_leaves_none_undetermined():
    repository = with_property(costs.repository(), "name", UNKNOWN)
    items = Pack().evaluate(repository, with_property(costs.image_lifecycle(), "repository"))
    (item,) = [item for item in items if item.policy == "repository-expires-images"]
    assert messages.UNDETERMINED not in item.message


def test_the_log_group_of_a_function_is_known_by_its_name_or_undetermined():
    policy, function, group = (
        "function-has-a-log-group",
        aws.ai_budget_function(),
        with_property(aws.function_log_group(), "name", "/aws/lambda/another"),
    )
    own_group = with_property(function, "loggingConfig", {"logGroup": "/shared", "logFormat": "JSON"})
    assert policy not in policies(Pack(), own_group, group)
    undetermined = {
        (diagnostic.level, "cannot be determined" in diagnostic.message)
        for pair in (
            (with_property(function, "name", UNKNOWN), group),
            (function, with_property(group, "name", UNKNOWN)),
        )
        for diagnostic in Pack().evaluate(*pair)
        if diagnostic.policy == policy
    }
    assert undetermined == {("advisory", True)}
    of_another = replace(with_property(group, "name", UNKNOWN), dependencies={"name": ["urn:another"]})
    assert [
        "cannot be determined" in diagnostic.message
        for diagnostic in Pack().evaluate(function, of_another)
        if diagnostic.policy == policy
    ] == [False]


def test_a_function_that_may_run_on_lambda_at_edge_may_stay_on_x86():
    function = with_property(aws.ai_budget_function(), "architectures", ["x86_64"])
    assert "function-runs-on-arm" in policies(Pack(), function)
    published = with_property(function, "publish", True)
    assert "function-runs-on-arm" not in policies(Pack(), published)
    assert "function-runs-on-arm" not in policies(Pack(), with_property(published, "region", "us-east-1"))
    assert "function-runs-on-arm" in policies(Pack(), with_property(published, "region", "eu-central-1"))


def test_an_s3_interface_endpoint_for_clients_on_premises_is_allowed():
    service = "com.amazonaws.us-east-1.s3"
    endpoint = with_property(costs.interface_endpoint(), "serviceName", service)
    assert "interface-endpoint-with-free-gateway" in policies(Pack(), endpoint)
    options = {"privateDnsOnlyForInboundResolverEndpoint": True}
    on_premises = with_property(endpoint, "dnsOptions", options)
    assert "interface-endpoint-with-free-gateway" not in policies(Pack(), on_premises)


def test_a_storage_class_of_the_in_tree_provisioner_creates_gp2_by_default():
    inputs = {"provisioner": "kubernetes.io/aws-ebs"}
    storage_class = replace(costs.storage_class(), inputs=inputs)
    assert "gp2-volume" in policies(Pack(), storage_class)
    storage_class = replace(storage_class, inputs={"provisioner": "ebs.csi.aws.com"})
    assert "gp2-volume" not in policies(Pack(), storage_class)


def test_a_scaling_target_may_be_that_of_a_table_whose_name_is_unknown():
    table = with_property(costs.table(), "name", UNKNOWN)
    found = Pack().evaluate(table, costs.read_target(), costs.write_target())
    (message,) = [item.message for item in found if item.policy == "provisioned-table-is-scaled"]
    assert messages.UNDETERMINED in message


def test_a_table_is_reported_with_the_capacity_that_nothing_scales():
    resources = [costs.table(), costs.read_target(), costs.read_policy(), costs.write_target()]
    found = [item.message for item in Pack().evaluate(*resources)]
    assert ["no autoscaling of WriteCapacityUnits\n" in message for message in found] == [True]


OLD_CLUSTER = with_property(costs.eks_cluster(), "version", "1.30")
OLD_DATABASE = with_property(with_property(aws.database(), "engineVersion", "13.20"), "region", "us-east-1")


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (OLD_CLUSTER, "standard support of kubernetes ended on 2025-07-23; extended support costs $365.00"),
        # 2 vCPUs in each of two zones at $0.10 an hour.
        (OLD_DATABASE, "standard support of postgresql ended on 2026-02-28; extended support costs $292.00"),
        (
            with_property(OLD_DATABASE, "multiAz", False),
            "standard support of postgresql ended on 2026-02-28; extended support costs $146.00",
        ),
        (
            with_property(OLD_CLUSTER, "version", "1.20"),
            "kubernetes ended before that of all versions with known dates; extended support costs $365.00",
        ),
        (
            with_property(OLD_DATABASE, "engineVersion", "9.6.24"),
            "postgresql ended before that of all versions with known dates; extended support costs $584.00",
        ),
    ],
    ids=["EKS", "RDS", "RDS in one zone", "EKS before the known versions", "RDS before them"],
)
def test_a_version_in_extended_support_is_reported_with_its_surcharge(resource, text):
    (diagnostic,) = [
        item for item in Pack().evaluate(resource) if item.policy == "version-in-extended-support"
    ]
    assert f"{text} a month\n" in diagnostic.message


@pytest.mark.parametrize(
    ("day", "amount"), [(date(2028, 2, 27), "$292.00"), (date(2028, 2, 29), "$584.00")], ids=str
)
def test_extended_support_of_rds_costs_twice_as_much_from_the_third_year(day, amount):
    (message,) = [
        item.message
        for item in Pack(today=day).evaluate(OLD_DATABASE)
        if item.policy == "version-in-extended-support"
    ]
    assert f"extended support costs {amount} a month" in message


def test_a_version_is_reported_from_ninety_days_before_standard_support_ends():
    resource = with_property(aws.database(), "engineVersion", "14.9")  # until 2027-02-28
    assert "version-in-extended-support" not in policies(Pack(today=date(2026, 11, 30)), resource)
    assert "version-in-extended-support" in policies(Pack(today=date(2026, 12, 1)), resource)


def test_on_its_last_day_standard_support_has_not_ended():
    (message,) = [
        item.message
        for item in Pack(today=date(2026, 2, 28)).evaluate(OLD_DATABASE)
        if item.policy == "version-in-extended-support"
    ]
    assert "standard support of postgresql ends on 2026-02-28" in message


def test_a_resource_that_aws_upgrades_instead_is_not_reported():
    cluster = with_property(OLD_CLUSTER, "upgradePolicy", {"supportType": "STANDARD"})
    key = "engineLifecycleSupport"
    database = with_property(OLD_DATABASE, key, "open-source-rds-extended-support-disabled")
    maria = with_property(with_property(OLD_DATABASE, "engine", "mariadb"), "engineVersion", "10.5")
    assert "version-in-extended-support" not in policies(Pack(), cluster, database, maria)


@pytest.mark.parametrize("instance_class", ["db.m5.metal", UNKNOWN])
def test_a_class_whose_size_is_not_known_is_reported_without_an_amount(instance_class):
    resource = with_property(OLD_DATABASE, "instanceClass", instance_class)
    (message,) = [
        item.message for item in Pack().evaluate(resource) if item.policy == "version-in-extended-support"
    ]
    assert "ended on 2026-02-28\n" in message


UNKNOWN_PROPERTIES = [
    (costs.volume(), "type", "gp2-volume"),
    (costs.fast_volume(), "iops", "provisioned-iops-volume"),
    (costs.table(), "billingMode", "provisioned-table-is-scaled"),
    (aws.ai_budget_function(), "architectures", "function-runs-on-arm"),
    (aws.ai_budget_function(), "memorySize", "function-memory-is-limited"),
    (costs.machine(), "instanceType", "previous-generation-instance"),
    (costs.interface_endpoint(), "serviceName", "interface-endpoint-with-free-gateway"),
    (costs.distribution(), "priceClass", "distribution-in-all-locations"),
    (costs.eks_cluster(), "version", "version-in-extended-support"),
]


@pytest.mark.parametrize(
    ("resource", "path", "policy"), UNKNOWN_PROPERTIES, ids=[policy for _, _, policy in UNKNOWN_PROPERTIES]
)
def test_an_unknown_property_leaves_a_policy_on_costs_undetermined(resource, path, policy):
    diagnostics = Pack().evaluate(with_property(resource, path, UNKNOWN))
    (message,) = [diagnostic.message for diagnostic in diagnostics if diagnostic.policy == policy]
    assert messages.UNDETERMINED in message
    assert f"): {path} is unknown until deploy" in message


def policies(pack: Pack, *resources: FakeResource) -> set[str]:
    return {diagnostic.policy for diagnostic in pack.evaluate(*resources)}
