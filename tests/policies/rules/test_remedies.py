"""Violations whose fix is a definite change say so to the review, which prices it."""

import copy

import pytest

from teei_finops.costing.budgets.savings import with_inputs
from teei_finops.policy_report import Remedy
from tests.policies import compliant_aws as aws
from tests.policies import compliant_costs as costs
from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import STAGING, UNKNOWN, FakeResource, Pack, with_property

GP2 = with_property(costs.volume(), "type", "gp2")
LARGE = with_property(aws.ai_budget_function(), "memorySize", 6144)
X86 = with_property(aws.ai_budget_function(), "architectures", None)
OLD_CLUSTER = with_property(costs.eks_cluster(), "version", "1.30")
OLD_CACHE = with_property(costs.cache(), "engineVersion", "5.0.6")
SPOT_FLEET = aws.aws_resource(
    "aws:ec2/spotFleetRequest:SpotFleetRequest",
    "fleet",
    launchSpecifications=[{"rootBlockDevices": [{"volumeType": "gp2", "volumeSize": 100}]}],
)
SPOT_FLEET_DISK = with_property(
    SPOT_FLEET, "launchSpecifications", [{"ebsBlockDevices": [{"volumeType": "gp2", "volumeSize": 100}]}]
)
OLD_AURORA = aws.aws_resource(
    "aws:rds/cluster:Cluster", "aurora", engine="aurora-mysql", engineVersion="5.7.mysql_aurora.2.11.2"
)
OLD_DATABASE = with_property(aws.database(), "engineVersion", "13.20")
GP2_DATABASE = with_property(aws.database(), "storageType", "gp2")
FEW_IOPS = with_property(costs.fast_volume(), "iops", 200)
MORE_IOPS = with_property(costs.fast_volume(), "iops", 9000)
S3 = with_property(costs.interface_endpoint(), "serviceName", "com.amazonaws.us-east-1.s3")


def search(kind: str, key: str, version: str) -> FakeResource:
    return aws.aws_resource(f"aws:{kind}/domain:Domain", "search", **{key: version})


def device(**changes) -> FakeResource:
    machine = costs.machine()
    return with_property(machine, "ebsBlockDevices", [machine.inputs["ebsBlockDevices"][0] | changes])


REMEDIES = [
    ("gp2-volume", with_property(GP2, "size", 100), {"type": "gp3"}),
    ("gp2-volume", with_property(GP2, "size", 170), {"type": "gp3"}),
    ("gp2-volume", with_property(GP2, "size", 171), {"type": "gp3", "throughput": 250}),
    ("gp2-volume", with_property(GP2, "size", 1000), {"type": "gp3", "throughput": 250}),
    ("gp2-volume", with_property(GP2, "size", 1001), {"type": "gp3", "iops": 3003, "throughput": 250}),
    ("gp2-volume", with_property(GP2, "size", 9000), {"type": "gp3", "iops": 16000, "throughput": 250}),
    ("gp2-volume", with_property(GP2, "size", UNKNOWN), {"type": "gp3"}),
    (
        "gp2-volume",
        device(volumeType="gp2", volumeSize=2000),
        {
            "ebsBlockDevices[0].volumeType": "gp3",
            "ebsBlockDevices[0].iops": 6000,
            "ebsBlockDevices[0].throughput": 250,
        },
    ),
    (
        "provisioned-iops-volume",
        FEW_IOPS,
        {"type": "gp3", "iops": 3000},
    ),
    (
        "provisioned-iops-volume",
        MORE_IOPS,
        {"type": "gp3", "iops": 9000, "throughput": 1000},
    ),
    (
        "gp2-volume",
        search("opensearch", "ebsOptions", {"volumeType": "gp2", "volumeSize": 100}),
        {"ebsOptions.volumeType": "gp3"},
    ),
    (
        "gp2-volume",
        search("elasticsearch", "ebsOptions", {"volumeType": "gp2", "volumeSize": 100}),
        {"ebsOptions.volumeType": "gp3"},
    ),
    (
        "gp2-volume",
        SPOT_FLEET,
        {"launchSpecifications[0].rootBlockDevices[0].volumeType": "gp3"},
    ),
    (
        "gp2-volume",
        SPOT_FLEET_DISK,
        {"launchSpecifications[0].ebsBlockDevices[0].volumeType": "gp3"},
    ),
    ("function-runs-on-arm", X86, {"architectures": ["arm64"]}),
    ("function-memory-is-limited", LARGE, {"memorySize": 3008}),
    ("interface-endpoint-with-free-gateway", S3, {"vpcEndpointType": "Gateway"}),
    (
        "database-is-current-generation",
        GP2_DATABASE,
        {"storageType": "gp3"},
    ),
    (
        "previous-generation-instance",
        with_property(costs.machine(), "instanceType", "m4.large"),
        {"instanceType": "m6a.large"},
    ),
    (
        "previous-generation-instance",
        with_property(costs.node_group(), "instanceTypes", ["m7g.large", "t2.small"]),
        {"instanceTypes[1]": "t3a.small"},
    ),
    (
        "previous-generation-instance",
        with_property(costs.cache(), "nodeType", "cache.m4.large"),
        {"nodeType": "cache.m7g.large"},
    ),
    (
        "database-is-current-generation",
        with_property(aws.database(), "instanceClass", "db.r4.large"),
        {"instanceClass": "db.r7g.large"},
    ),
    (
        "provisioned-iops-volume",
        device(volumeType="io1", volumeSize=100, iops=2000),
        {
            "ebsBlockDevices[0].volumeType": "gp3",
            "ebsBlockDevices[0].iops": 3000,
            "ebsBlockDevices[0].throughput": 500,
        },
    ),
    ("version-in-extended-support", OLD_CLUSTER, {"version": "1.36"}),
    ("version-in-extended-support", OLD_CACHE, {"engineVersion": "7"}),
    ("version-in-extended-support", with_property(OLD_CACHE, "engine", None), {"engineVersion": "7"}),
    ("version-in-extended-support", OLD_DATABASE, {"engineVersion": "18"}),
    ("version-in-extended-support", OLD_AURORA, {"engineVersion": "8.0"}),
    (
        "version-in-extended-support",
        search("opensearch", "engineVersion", "OpenSearch_1.2"),
        {"engineVersion": "OpenSearch_3.5"},
    ),
    (
        "version-in-extended-support",
        search("elasticsearch", "elasticsearchVersion", "7.8"),
        {"elasticsearchVersion": "7.10"},
    ),
]


def remedies(policy: str, *resources: FakeResource, config=None) -> list[Remedy | None]:
    pack = Pack(config)
    pack.evaluate(*resources)
    return [violation.remedy for violation in pack.context.report().violations if violation.policy == policy]


@pytest.mark.parametrize(("policy", "resource", "inputs"), REMEDIES)
def test_the_remedy_is_the_change_of_the_fix_and_ends_the_violation(policy, resource, inputs):
    assert remedies(policy, resource) == [Remedy(inputs)]
    fixed = copy.deepcopy(resource)
    fixed.inputs.update(with_inputs(resource.inputs, inputs))
    assert remedies(policy, fixed) == []


def test_the_value_of_an_absent_volume_type_is_the_one_that_aws_takes():
    pack = Pack()
    pack.evaluate(with_property(costs.volume(), "type", None))
    values = {violation.policy: violation.value for violation in pack.context.report().violations}
    assert values["gp2-volume"] == "gp2"


def test_a_resource_that_nothing_uses_is_deleted():
    assert remedies("unattached-volume", costs.volume()) == [Remedy(deletes=True)]
    unknown_tags = with_property(costs.volume(), "tags", UNKNOWN)
    assert remedies("unattached-volume", unknown_tags) == [Remedy(deletes=True)]
    address = aws.aws_resource("aws:ec2/eip:Eip", "unused")
    assert remedies("unassociated-address", address) == [Remedy(deletes=True)]


def test_what_another_resource_would_take_over_is_merged():
    second = with_property(costs.private_nat_gateway(), "connectivityType", "public")
    gateways = [costs.subnet(), costs.nat_gateway(), second]
    assert remedies("one-nat-gateway-outside-prod", *gateways, config=STAGING) == [
        Remedy(merges=(second.urn,))
    ]
    assert remedies("nat-gateways-in-prod", *gateways) == [Remedy(merges=(second.urn,))]
    services = [kubernetes.service(name) for name in ("a", "b")]
    assert remedies("services-share-a-load-balancer", *services) == [Remedy(merges=(services[1].urn,))]


def test_a_volume_whose_size_is_elsewhere_and_a_class_without_a_successor_have_no_remedy():
    storage_class = with_property(costs.storage_class(), "parameters.type", "gp2")
    assert remedies("gp2-volume", storage_class) == [None]
    old_class = with_property(aws.database(), "instanceClass", "db.t1.micro")
    assert remedies("database-is-current-generation", old_class) == [None]


def test_a_domain_without_a_version_and_kafka_which_has_no_surcharge_are_not_reported():
    assert remedies("version-in-extended-support", search("opensearch", "engineVersion", "")) == []
    kafka = aws.aws_resource("aws:msk/cluster:Cluster", "kafka", kafkaVersion="2.2.1")
    assert remedies("version-in-extended-support", kafka) == []


@pytest.mark.parametrize(("most", "remedy"), [(1768, None), (1769, Remedy({"memorySize": 1769}))])
def test_less_memory_than_one_vcpu_has_makes_a_function_slower(most, remedy):
    pack = Pack().configure(function_memory_is_limited={"maximum_mib": most})
    pack.evaluate(LARGE)
    found = [
        row.remedy for row in pack.context.report().violations if row.policy == "function-memory-is-limited"
    ]
    assert found == [remedy]
