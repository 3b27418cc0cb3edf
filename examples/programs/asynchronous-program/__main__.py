"""A program that awaits outputs and functions."""

import asyncio

import pulumi
import pulumi_aws as aws


async def zone_names() -> list[str]:
    await asyncio.sleep(0)
    return aws.get_availability_zones(state="available").names[:2]


async def volumes(names: list[str]) -> int:
    for name in names:
        aws.ebs.Volume(f"cache-{name[-1]}", availability_zone=name, size=40, type="gp3")
    return len(names)


pulumi.export("volumes", pulumi.Output.from_input(zone_names()).apply(volumes))
