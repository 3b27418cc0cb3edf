"""EBS volumes, snapshots and Elastic IP addresses."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from functions.advisor.account.context import Account, tags_of
from functions.advisor.findings import BillLine, Confidence, Finding
from teei_finops.aws_limits.ebs import Performance, gp3_like_gp2, gp3_like_provisioned, gp3_most_iops

VOLUME = "aws:ebs/volume:Volume"
_EBS = BillLine("", "EBS")


def volume_inputs(volume: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a Pulumi volume that decide its price, from DescribeVolumes."""
    kind = volume["VolumeType"]
    inputs: dict[str, Any] = {"type": kind, "size": volume["Size"]}
    if kind in ("gp3", "io1", "io2") and volume.get("Iops"):
        inputs["iops"] = volume["Iops"]
    if kind == "gp3" and volume.get("Throughput"):
        inputs["throughput"] = volume["Throughput"]
    return inputs


def unattached_volumes(account: Account) -> Iterator[Finding]:
    """Volumes that no instance uses."""
    for volume in account.items("ec2", "describe_volumes", "Volumes"):
        if volume["State"] != "available":
            continue
        inputs, tags = volume_inputs(volume), tags_of(volume.get("Tags"))
        claim = "/".join(
            tags[key]
            for key in ("kubernetes.io/created-for/pvc/namespace", "kubernetes.io/created-for/pvc/name")
            if key in tags
        )
        yield account.finding(
            "unattached-volume",
            account.arn("ec2", f"volume/{volume['VolumeId']}"),
            evidence=f"state available; {_described(inputs)}; created {volume['CreateTime']:%Y-%m-%d}"
            + (f"; of the claim {claim}" if claim else ""),
            change="verify before deleting: "
            f"aws ec2 create-snapshot --region {account.region} --volume-id {volume['VolumeId']} && "
            f"aws ec2 delete-volume --region {account.region} --volume-id {volume['VolumeId']}",
            saving=account.prices.monthly(VOLUME, account.region, inputs),
            confidence=account.confidence(volume["CreateTime"], Confidence.HIGH),
            tags=tags,
            bill=_EBS,
            ids=(volume["VolumeId"],),
        )


def gp2_volumes(account: Account) -> Iterator[Finding]:
    """gp2 volumes, against gp3 with the same IOPS and throughput."""
    for volume in account.items("ec2", "describe_volumes", "Volumes"):
        if volume["VolumeType"] == "gp2":
            needed = gp3_like_gp2(volume["Size"])
            yield from _as_gp3(account, "gp2-volume", volume, needed, Confidence.HIGH)


def provisioned_iops_volumes(account: Account) -> Iterator[Finding]:
    """io1 and io2 volumes whose IOPS gp3 has, too; volumes that several instances attach must stay."""
    for volume in account.items("ec2", "describe_volumes", "Volumes"):
        iops = volume.get("Iops") or 0
        if (
            volume["VolumeType"] not in ("io1", "io2")
            or volume.get("MultiAttachEnabled")
            or iops > gp3_most_iops(volume["Size"])
        ):
            continue
        needed = gp3_like_provisioned(volume["VolumeType"], iops)
        yield from _as_gp3(account, "provisioned-iops-volume", volume, needed, Confidence.MEDIUM)


def _as_gp3(
    account: Account, rule: str, volume: dict[str, Any], needed: Performance, confidence: Confidence
) -> Iterator[Finding]:
    iops, throughput = needed
    before = volume_inputs(volume)
    after = {"type": "gp3", "size": volume["Size"], "iops": iops, "throughput": throughput}
    saving = account.prices.saving(VOLUME, account.region, before, after)
    if saving is not None and saving <= 0:
        return
    yield account.finding(
        rule,
        account.arn("ec2", f"volume/{volume['VolumeId']}"),
        evidence=f"{_described(before)}; gp3 with {iops} IOPS and {throughput} MiB/s performs as well",
        change=f"aws ec2 modify-volume --region {account.region} --volume-id {volume['VolumeId']} "
        f"--volume-type gp3 --iops {iops} --throughput {throughput}",
        saving=saving,
        confidence=confidence,
        inputs=f"type: gp3, iops: {iops}, throughput: {throughput}",
        tags=tags_of(volume.get("Tags")),
        bill=_EBS,
        ids=(volume["VolumeId"],),
    )


def _described(inputs: dict[str, Any]) -> str:
    parts = [f"{inputs['size']} GiB {inputs['type']}"]
    if "iops" in inputs:
        parts.append(f"{inputs['iops']} IOPS")
    if "throughput" in inputs:
        parts.append(f"{inputs['throughput']} MiB/s")
    return ", ".join(parts)


def old_snapshots(account: Account) -> Iterator[Finding]:
    """Snapshots that no schedule deletes and no image uses, older than the setting."""
    days = account.settings.snapshot_days
    price = account.prices.unit(account.region, "AmazonEC2", "ebs", "snapshot-standard")
    snapshots = [
        snapshot
        for snapshot in account.items("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"])
        if account.is_older(snapshot["StartTime"], days) and snapshot.get("StorageTier") != "archive"
    ]
    if not snapshots:
        return
    used = {
        mapping["Ebs"]["SnapshotId"]
        for image in account.items("ec2", "describe_images", "Images", Owners=["self"])
        for mapping in image.get("BlockDeviceMappings", [])
        if "SnapshotId" in mapping.get("Ebs", {})
    }
    for snapshot in snapshots:
        tags = tags_of(snapshot.get("Tags"))
        if snapshot["SnapshotId"] in used or any(key.startswith(("aws:backup:", "aws:dlm:")) for key in tags):
            continue
        size = snapshot.get("FullSnapshotSizeInBytes")
        gib = Decimal(size) / 1024**3 if size else Decimal(snapshot["VolumeSize"])
        yield account.finding(
            "snapshots-expire",
            account.arn("ec2", f"snapshot/{snapshot['SnapshotId']}"),
            evidence=f"taken {snapshot['StartTime']:%Y-%m-%d}, more than {days} days ago, by no schedule and "
            f"for no image; at most {gib:.0f} GiB, as blocks of other snapshots are shared",
            change=f"verify before deleting: aws ec2 delete-snapshot --region {account.region} "
            f"--snapshot-id {snapshot['SnapshotId']}",
            saving=None if price is None else gib * price,
            confidence=Confidence.LOW,
            tags=tags,
            bill=_EBS,
            ids=(snapshot["SnapshotId"],),
        )


def unassociated_addresses(account: Account) -> Iterator[Finding]:
    """Elastic IP addresses that nothing uses."""
    price = account.prices.hourly_month(account.region, "AmazonVPC", "public-ipv4", "idle")
    for address in account.items("ec2", "describe_addresses", "Addresses"):
        if (
            address.get("AssociationId")
            or address.get("NetworkInterfaceId")
            or not address.get("AllocationId")
        ):
            continue
        yield account.finding(
            "unassociated-address",
            account.arn("ec2", f"elastic-ip/{address['AllocationId']}"),
            evidence=f"{address['PublicIp']} is associated with nothing",
            change=f"aws ec2 release-address --region {account.region} "
            f"--allocation-id {address['AllocationId']}",
            saving=price,
            confidence=Confidence.HIGH,
            tags=tags_of(address.get("Tags")),
            bill=BillLine("", "PublicIPv4"),
            ids=(address["AllocationId"],),
        )
