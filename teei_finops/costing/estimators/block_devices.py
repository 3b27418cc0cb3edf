"""The EBS volumes of an instance: its own block devices merged with those of its launch template."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.inputs import Inputs
from teei_finops.costing.preview.values import is_secret, is_unknown

# The root device of an image is one of these: Amazon Linux; Ubuntu, RHEL, SUSE and Windows (EC2 user guide,
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html, 2026-10).
ROOT_NAMES = ("/dev/xvda", "/dev/sda1")
# The image decides the root volume when the program does not: 8 GB on Amazon Linux, 30 GB on Windows.
ROOT_SIZE = Range(Decimal(8), Decimal(8), Decimal(30), assumed=True)


@dataclass(frozen=True)
class Volumes:
    """The root volume, and further volumes by device name (empty where it is not known)."""

    root: Inputs
    others: tuple[tuple[str, Inputs], ...] = ()


def volumes_of(values: Inputs | None, template: Inputs | None = None) -> Volumes:
    """Volumes of an instance, a spot request or a launch configuration (`values`) and of a launch template.

    Devices of the same name are one volume; the settings of `values` take precedence (EC2 RunInstances,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html, 2026-10). A template that
    names no root device describes the root in its first device without a known name.
    """
    named: dict[str, dict[str, Any]] = {}
    unnamed: list[dict[str, Any]] = []
    for mapping in template.items("blockDeviceMappings") if template else ():
        name, volume = _name(mapping), mapping.raw.get("ebs")
        if mapping.raw.get("noDevice"):
            named.pop(name, None)
        elif isinstance(volume, dict) and name:
            named[name] = volume
        elif isinstance(volume, dict):
            unnamed.append(volume)
    root_name = next((name for name in ROOT_NAMES if name in named), "")
    root = named.pop(root_name) if root_name else unnamed.pop(0) if unnamed else {}
    for device in values.items("ebsBlockDevices") if values else ():
        name = _name(device)
        if name in ROOT_NAMES and not root:
            root_name = name
        if name and name == root_name:
            root = {**root, **device.raw}
        elif name:
            named[name] = {**named.get(name, {}), **device.raw}
        else:
            unnamed.append(device.raw)
    if values is not None:
        root = {**root, **values.part("rootBlockDevice").raw, **values.part("rootBlockDevices").raw}
    others = [(name, Inputs(volume, f"block device {name}")) for name, volume in named.items()]
    others += [("", Inputs(volume, "block device")) for volume in unnamed]
    return Volumes(Inputs(root, "root block device"), tuple(others))


def charge_volumes(
    ctx: EstimationContext, volumes: Volumes, *, times: Range | int = 1, root_size: Range | int = ROOT_SIZE
) -> None:
    """Volumes are billed for the whole month, also while the instance is stopped."""
    charge_volume(ctx, "Root volume", volumes.root, times=times, default_size=root_size)
    for name, volume in volumes.others:
        label = f"Volume {name}".strip()
        if volume.has("volumeSize"):
            charge_volume(ctx, label, volume, times=times)
        else:
            ctx.leave_out(label, Unpriced(UNKNOWN_UNTIL_DEPLOY, "its snapshot decides its size"))


def charge_volume(
    ctx: EstimationContext,
    what: str,
    volume: Inputs,
    *,
    share: Range | int = 1,
    times: Range | int = 1,
    default_size: Range | int | None = None,
) -> None:
    """One EBS volume, from the inputs of a block device or an `aws:ebs/volume:Volume`, multiplied by `times`.

    `share` is the part of the month it exists; `default_size` (GB) is used where the image decides.
    """
    kind = volume.text(
        "volumeType" if volume.has("volumeType") else "type", "gp2" if default_size is None else "gp3"
    )
    size_path = "volumeSize" if volume.has("volumeSize") else "size"
    if default_size is not None and not volume.has(size_path):
        size = Range.of(default_size)
    else:
        size = Range.of(volume.number(size_path))
    count = Range.of(times) * share
    ctx.charge(f"{what}: {kind} storage", "AmazonEC2", "ebs", f"{kind}-storage", size, times=count)
    if kind in ("gp3", "io1", "io2"):
        iops = volume.number("iops", 0) if kind == "gp3" else volume.number("iops")
        ctx.charge(f"{what}: {kind} IOPS", "AmazonEC2", "ebs", f"{kind}-iops", iops, times=count)
    if kind == "gp3":
        throughput = volume.number("throughput", 0)
        ctx.charge(f"{what}: gp3 throughput", "AmazonEC2", "ebs", "gp3-throughput", throughput, times=count)


def _name(device: Inputs) -> str:
    name = device.raw.get("deviceName")
    return name if isinstance(name, str) and not is_unknown(name) and not is_secret(name) else ""
