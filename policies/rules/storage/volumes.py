"""EBS volumes: types that cost more for the same, and volumes that nothing uses."""

from collections.abc import Iterator
from itertools import chain

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

VOLUME = "aws:ebs/volume:Volume"
ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment"
PERSISTENT_VOLUME = "kubernetes:core/v1:PersistentVolume"
MACHINES = frozenset({
    "aws:ec2/instance:Instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
})  # fmt: skip
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
IN_TREE_PROVISIONER = "kubernetes.io/aws-ebs"


def volume_is_not_gp2(context: EvaluationContext) -> Policy:
    rule = Rule("gp2-volume", {"types": text_list_option("volume types to replace", ["gp2", "standard"])})

    def check_type(volume_type: Property, default: str, types: list[str]) -> Iterator[Finding]:
        if volume_type.text(default) in types:
            what = "costs more than gp3 for the same size"
            yield Violation(volume_type.path, what, volume_type.data or default, "set it to gp3")

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for volume_type, default in _volume_types(resource):
            yield from findings_of(check_type, volume_type, default, options["types"])

    return resource_policy(
        rule, context, lambda token: token in _BLOCK_TYPES or is_storage_class(token), check
    )


_BLOCK_TYPES = MACHINES | {VOLUME, LAUNCH_TEMPLATE}


def _volume_types(resource: Resource) -> Iterator[tuple[Property, str]]:
    """The types of the volumes that a resource creates, and what AWS takes where none is set."""
    inputs = resource.inputs
    if resource.type == VOLUME:
        yield inputs["type"], "gp2"
    elif is_storage_class(resource.type):
        provisioner = inputs["provisioner"].text()
        if provisioner in (IN_TREE_PROVISIONER, "ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"):
            yield inputs["parameters"]["type"], "gp2" if provisioner == IN_TREE_PROVISIONER else "gp3"
    elif resource.type == LAUNCH_TEMPLATE:
        for device in inputs["blockDeviceMappings"].items():
            yield device["ebs"]["volumeType"], ""
    else:
        for device in chain(inputs["rootBlockDevice"].items(), inputs["ebsBlockDevices"].items()):
            yield device["volumeType"], ""


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
        if inputs["iops"].number() <= most:
            what = f"has at most {most:g} IOPS, which gp3 has for less"
            yield Violation(inputs["type"].path, what, inputs["type"].data, "set the type to gp3")

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
            yield Violation("", what, volume.inputs["size"].data, "attach it, or delete it")

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for volume in stack.resources(VOLUME.__eq__):
            for finding in findings_of(check_volume, stack, volume, options["ignored_tags"]):
                yield volume, finding

    return stack_policy(rule, context, check)
