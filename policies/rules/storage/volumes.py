"""EBS volumes: types that cost more for the same, and volumes that nothing uses."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.kubernetes_types import is_storage_class
from policies.properties import Property
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
# https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html, 2026-11.
GP2_IOPS_PER_GIB, GP2_MOST_IOPS, GP3_IOPS = 3, 16_000, 3_000
IN_TREE_PROVISIONER = "kubernetes.io/aws-ebs"


def volume_is_not_gp2(context: EvaluationContext) -> Policy:
    rule = Rule("gp2-volume", {"types": text_list_option("volume types to replace", ["gp2"])})

    def check_type(
        volume_type: Property, default: str, size: Property | None, types: list[str]
    ) -> Iterator[Finding]:
        if volume_type.text(default) in types:
            what = "costs more than gp3 for the same size"
            remedy = _to_gp3(volume_type, size) if size else None
            yield Violation(volume_type.path, what, volume_type.data or default, "set it to gp3", remedy)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for volume_type, default, size in _volume_types(resource):
            yield from findings_of(check_type, volume_type, default, size, options["types"])

    return resource_policy(
        rule, context, lambda token: token in _BLOCK_TYPES or is_storage_class(token), check
    )


_BLOCK_TYPES = MACHINES | {VOLUME, LAUNCH_TEMPLATE}


def _volume_types(resource: Resource) -> Iterator[tuple[Property, str, Property | None]]:
    """The types of the volumes that a resource creates, what AWS takes where none is set, and their sizes.

    The volumes of a StorageClass have their sizes elsewhere.
    """
    inputs = resource.inputs
    if resource.type == VOLUME:
        yield inputs["type"], "gp2", inputs["size"]
    elif is_storage_class(resource.type):
        provisioner = inputs["provisioner"].text()
        if provisioner in (IN_TREE_PROVISIONER, "ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"):
            yield inputs["parameters"]["type"], "gp2" if provisioner == IN_TREE_PROVISIONER else "gp3", None
    elif resource.type == LAUNCH_TEMPLATE:
        for device in inputs["blockDeviceMappings"].items():
            yield device["ebs"]["volumeType"], "", device["ebs"]["volumeSize"]
    else:
        for device in chain(inputs["rootBlockDevice"].items(), inputs["ebsBlockDevices"].items()):
            yield device["volumeType"], "", device["volumeSize"]


def _to_gp3(volume_type: Property, size: Property) -> Remedy:
    """gp3 with the IOPS of a gp2 volume of that size: 3 for each GiB, but not more than gp2 has."""
    gibibytes = size.data if isinstance(size.data, int | float) else 0
    iops = min(int(gibibytes) * GP2_IOPS_PER_GIB, GP2_MOST_IOPS)
    inputs: dict[str, Any] = {volume_type.path: "gp3"}
    if iops > GP3_IOPS:
        inputs[f"{volume_type.path.rpartition('.')[0]}.iops".lstrip(".")] = iops
    return Remedy(inputs)


def provisioned_iops_are_needed(context: EvaluationContext) -> Policy:
    """Volumes that several instances attach are left out, since gp3 cannot do that."""
    rule = Rule(
        "provisioned-iops-volume",
        {"maximum_iops": integer_option("the IOPS that a gp3 volume is used for", 16000, minimum=1)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        inputs, most = resource.inputs, options["maximum_iops"]
        if inputs["type"].text() not in ("io1", "io2") or inputs["multiAttachEnabled"].boolean():
            return
        iops = inputs["iops"].number()
        if iops <= most:
            what = f"has at most {most:g} IOPS, which gp3 has for less"
            remedy = Remedy({"type": "gp3", "iops": max(int(iops), GP3_IOPS)})
            yield Violation(inputs["type"].path, what, inputs["type"].data, "set the type to gp3", remedy)

    return resource_policy(rule, context, VOLUME.__eq__, check)


def volume_is_attached(context: EvaluationContext) -> Policy:
    rule = Rule(
        "unattached-volume",
        {"ignored_tags": text_list_option("tags of volumes that another stack attaches", [])},
    )
    users = {ATTACHMENT: ("volumeId",), PERSISTENT_VOLUME: ("spec.csi.volumeHandle",)}

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
