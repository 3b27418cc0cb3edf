"""EBS volumes: types that cost more for the same, and volumes that nothing uses."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.kubernetes_types import is_storage_class
from policies.properties import ABSENT, Property
from policies.resources import Resource, Stack
from policies.rule import (
    Options,
    Rule,
    integer_option,
    resource_policy,
    stack_policy,
    text_list_option,
)
from policies.rules.references import is_used
from teei_finops.aws_limits.ebs import GP3, Performance, gp3_like_gp2, gp3_like_provisioned, gp3_most_iops
from teei_finops.policy_report import Remedy

VOLUME = "aws:ebs/volume:Volume"
ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment"
PERSISTENT_VOLUME = "kubernetes:core/v1:PersistentVolume"
MACHINES = frozenset({
    "aws:ec2/instance:Instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
})  # fmt: skip
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
SPOT_FLEET = "aws:ec2/spotFleetRequest:SpotFleetRequest"
SEARCH_DOMAINS = frozenset({"aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain"})
IN_TREE_PROVISIONER = "kubernetes.io/aws-ebs"


def volume_is_not_gp2(context: EvaluationContext) -> Policy:
    rule = Rule("gp2-volume", {"types": text_list_option("volume types to replace", ["gp2"])})

    def check_type(volume: DeclaredVolume, types: list[str]) -> Iterator[Finding]:
        kind = volume.type
        if kind.text(volume.default_type) in types:
            what = "costs more than gp3 for the same size"
            remedy = _to_gp3(volume, gp3_like_gp2(_gibibytes(volume.size))) if volume.has_size else None
            yield Violation(kind.path, what, kind.data or volume.default_type, "set it to gp3", remedy)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for volume in declared_volumes(resource):
            yield from findings_of(check_type, volume, options["types"])

    return resource_policy(
        rule, context, lambda token: token in _BLOCK_TYPES or is_storage_class(token), check
    )


_BLOCK_TYPES = MACHINES | SEARCH_DOMAINS | {VOLUME, LAUNCH_TEMPLATE, SPOT_FLEET}


class DeclaredVolume(NamedTuple):
    """A volume that a resource creates; `default_type` is what AWS takes where none is set.

    The volumes of a StorageClass have their sizes elsewhere.
    """

    type: Property
    iops: Property
    throughput: Property
    size: Property
    default_type: str = ""
    has_size: bool = True


def declared_volumes(resource: Resource) -> Iterator[DeclaredVolume]:
    inputs = resource.inputs
    if resource.type == VOLUME:
        yield DeclaredVolume(inputs["type"], inputs["iops"], inputs["throughput"], inputs["size"], "gp2")
    elif is_storage_class(resource.type):
        provisioner, parameters = inputs["provisioner"].text(), inputs["parameters"]
        if provisioner in (IN_TREE_PROVISIONER, "ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"):
            default = "gp2" if provisioner == IN_TREE_PROVISIONER else "gp3"
            yield DeclaredVolume(
                parameters["type"], parameters["iops"], ABSENT, ABSENT, default, has_size=False
            )
    else:
        for path in _DISKS.get(resource.type, ("rootBlockDevice", "ebsBlockDevices")):
            for disk in inputs.all_at(path):
                yield DeclaredVolume(disk["volumeType"], disk["iops"], disk["throughput"], disk["volumeSize"])


_DISKS = {
    LAUNCH_TEMPLATE: ("blockDeviceMappings.ebs",),
    SPOT_FLEET: ("launchSpecifications.rootBlockDevices", "launchSpecifications.ebsBlockDevices"),
    **dict.fromkeys(SEARCH_DOMAINS, ("ebsOptions",)),
}


def _to_gp3(volume: DeclaredVolume, needed: Performance) -> Remedy:
    """gp3 with what it needs beyond that which its price includes."""
    inputs: dict[str, Any] = {volume.type.path: "gp3"}
    if needed.iops > GP3.iops or not volume.iops.absent:
        inputs[volume.iops.path] = needed.iops
    if needed.throughput > GP3.throughput:
        inputs[volume.throughput.path] = needed.throughput
    return Remedy(inputs)


def _gibibytes(size: Property) -> int:
    """The size, 0 where it is unknown or somewhere else, such as in a snapshot."""
    return int(size.data) if isinstance(size.data, int | float) else 0


def provisioned_iops_are_needed(context: EvaluationContext) -> Policy:
    """Leaves out volumes that several instances attach, and those with more IOPS than gp3 of their size."""
    rule = Rule(
        "provisioned-iops-volume",
        {"maximum_iops": integer_option("the IOPS that a gp3 volume is used for", 16000, minimum=1)},
    )

    def check_volume(volume: DeclaredVolume, most: float) -> Iterator[Finding]:
        if volume.type.text() not in ("io1", "io2"):
            return
        iops = volume.iops.number()
        if not volume.size.absent:
            most = gp3_most_iops(volume.size.number(), most)
        if iops <= most:
            what = f"has {iops:g} IOPS, which gp3 has for less"
            remedy = _to_gp3(volume, gp3_like_provisioned(volume.type.text(), int(iops)))
            yield Violation(volume.type.path, what, volume.type.data, "set the type to gp3", remedy)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if not resource.inputs["multiAttachEnabled"].boolean():
            for volume in declared_volumes(resource):
                yield from findings_of(check_volume, volume, options["maximum_iops"])

    return resource_policy(rule, context, _BLOCK_TYPES.__contains__, check)


def volume_is_attached(context: EvaluationContext) -> Policy:
    rule = Rule(
        "unattached-volume",
        {"ignored_tags": text_list_option("tags of volumes that another stack attaches", [])},
    )
    users = {
        ATTACHMENT: ("volumeId",),
        PERSISTENT_VOLUME: ("spec.csi.volumeHandle", "spec.awsElasticBlockStore.volumeID"),
    }

    def check_volume(stack: Stack, volume: Resource, ignored: list[str]) -> Iterator[Finding]:
        tags = {} if volume.inputs["tags"].unknown else dict(volume.inputs["tags"].entries())
        if not any(tag in tags for tag in ignored) and not is_used(stack, volume, users, ("id",)):
            what = "no resource of the stack attaches the volume"
            size = volume.inputs["size"].data
            yield Violation("", what, size, "attach it, or delete it", Remedy(deletes=True))

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for volume in stack.resources(VOLUME.__eq__):
            for finding in findings_of(check_volume, stack, volume, options["ignored_tags"]):
                yield volume, finding

    return stack_policy(rule, context, check)
