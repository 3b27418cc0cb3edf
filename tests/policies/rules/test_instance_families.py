"""Instance types of previous generations, wherever a resource declares them."""

import pytest

from tests.policies.compliant_aws import aws_resource
from tests.policies.pack_client import UNKNOWN, Pack

POLICY = "previous-generation-instance"
OVERRIDES = [{"overrides": [{"instanceType": "m4.large"}]}]
FLEET = {"instanceTypeConfigs": [{"instanceType": "m4.large"}]}
# The type, its inputs, the path of the violation and the successor.
DECLARED = [
    (
        "autoscaling/group:Group",
        {"mixedInstancesPolicy": {"launchTemplate": OVERRIDES[0]}},
        "mixedInstancesPolicy.launchTemplate.overrides[0].instanceType",
        "m6a.large",
    ),
    (
        "batch/computeEnvironment:ComputeEnvironment",
        {"computeResources": {"instanceTypes": ["optimal", "c4.large"]}},
        "computeResources.instanceTypes[1]",
        "c6a.large",
    ),
    (
        "dms/replicationInstance:ReplicationInstance",
        {"replicationInstanceClass": "dms.c4.large"},
        "replicationInstanceClass",
        None,
    ),
    (
        "docdb/clusterInstance:ClusterInstance",
        {"instanceClass": "db.r4.large"},
        "instanceClass",
        "db.r7g.large",
    ),
    (
        "ec2/capacityReservation:CapacityReservation",
        {"instanceType": "r4.large"},
        "instanceType",
        "r6a.large",
    ),
    (
        "ec2/fleet:Fleet",
        {"launchTemplateConfigs": OVERRIDES},
        "launchTemplateConfigs[0].overrides[0].instanceType",
        "m6a.large",
    ),
    (
        "ec2/spotFleetRequest:SpotFleetRequest",
        {"launchSpecifications": [{"instanceType": "m4.large"}]},
        "launchSpecifications[0].instanceType",
        "m6a.large",
    ),
    (
        "ec2/spotFleetRequest:SpotFleetRequest",
        {"launchTemplateConfigs": OVERRIDES},
        "launchTemplateConfigs[0].overrides[0].instanceType",
        "m6a.large",
    ),
    (
        "elasticsearch/domain:Domain",
        {"clusterConfig": {"instanceType": "r4.large.elasticsearch"}},
        "clusterConfig.instanceType",
        "r6g.large.elasticsearch",
    ),
    (
        "emr/cluster:Cluster",
        {"masterInstanceGroup": {"instanceType": "m4.large"}},
        "masterInstanceGroup.instanceType",
        "m6a.large",
    ),
    (
        "emr/cluster:Cluster",
        {"coreInstanceGroup": {"instanceType": "m4.large"}},
        "coreInstanceGroup.instanceType",
        "m6a.large",
    ),
    (
        "emr/cluster:Cluster",
        {"masterInstanceFleet": FLEET},
        "masterInstanceFleet.instanceTypeConfigs[0].instanceType",
        "m6a.large",
    ),
    (
        "emr/cluster:Cluster",
        {"coreInstanceFleet": FLEET},
        "coreInstanceFleet.instanceTypeConfigs[0].instanceType",
        "m6a.large",
    ),
    ("emr/instanceGroup:InstanceGroup", {"instanceType": "m4.large"}, "instanceType", "m6a.large"),
    ("mq/broker:Broker", {"hostInstanceType": "mq.m4.large"}, "hostInstanceType", None),
    (
        "opensearch/domain:Domain",
        {"clusterConfig": {"instanceType": "m4.large.search"}},
        "clusterConfig.instanceType",
        "m6g.large.search",
    ),
    (
        "opensearch/domain:Domain",
        {"clusterConfig": {"instanceType": "m6g.large.search", "dedicatedMasterType": "c4.large.search"}},
        "clusterConfig.dedicatedMasterType",
        "c6g.large.search",
    ),
]


@pytest.mark.parametrize(("kind", "inputs", "path", "successor"), DECLARED)
def test_a_previous_family_is_found_wherever_it_is_declared(kind, inputs, path, successor):
    pack = Pack()
    pack.evaluate(aws_resource(f"aws:{kind}", "old", **inputs))
    (violation,) = [row for row in pack.context.report().violations if row.policy == POLICY]
    assert violation.property == path
    assert (violation.remedy and violation.remedy.inputs) == (successor and {path: successor})


def test_one_unknown_type_does_not_hide_another():
    fleet = aws_resource(
        "aws:ec2/spotFleetRequest:SpotFleetRequest",
        "fleet",
        launchSpecifications=UNKNOWN,
        launchTemplateConfigs=OVERRIDES,
    )
    found = [item for item in Pack().evaluate(fleet) if item.policy == POLICY]
    assert len(found) == 2
