"""The instances of a group: types, volumes, tenancy and market, from a launch template or configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import Volumes, charge_volumes, volumes_of
from teei_finops.costing.estimators.compute import (
    LAUNCH_TEMPLATE,
    charge_cpu_credits,
    charge_detailed_monitoring,
)
from teei_finops.costing.estimators.ec2 import CREDITS, MARKET, placement_tenancy
from teei_finops.costing.estimators.instance_hours import (
    Types,
    charge_ebs_optimization,
    charge_instances,
    charge_spot,
    instances,
    one,
)
from teei_finops.costing.estimators.subnets import public_addresses
from teei_finops.costing.inputs import Inputs

LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
PUBLIC = "associatePublicIpAddress"


@dataclass(frozen=True)
class Machine:
    """The specification of the instances of a group; `types` are those that may run."""

    types: Types
    volumes: Volumes
    tenancy: str = ""
    monitoring: bool = False
    public_address: bool | None = None
    spot: bool = False
    highest_spot_price: Decimal | None = None
    credits: str = ""
    ebs_optimized: bool = False


def types_of(overrides: Iterable[Inputs]) -> Types | None:
    """The types of overrides with the units of capacity that each counts for (1 without a weight)."""
    types: dict[str, Decimal] = {}
    for override in overrides:
        if override.has("instanceRequirements"):
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "instanceRequirements: AWS chooses the instance type")
        if override.has("instanceType"):
            weight = override.number("weightedCapacity", 1)
            types[override.text("instanceType")] = max(weight, Decimal(1))
    return types or None


def from_template(template: EstimationContext, types: Types | None = None) -> Machine:
    """The specification in a launch template; `types` replace its instance type."""
    if types is None:
        if template.has("instanceRequirements") and not template.has("instanceType"):
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "instanceRequirements: AWS chooses the instance type")
        types = one(template.text("instanceType"))
    addresses = [
        interface.flag(PUBLIC) for interface in template.items("networkInterfaces") if interface.has(PUBLIC)
    ]
    highest = f"{MARKET}.spotOptions.maxPrice"
    return Machine(
        types=types,
        volumes=volumes_of(None, template),
        tenancy=placement_tenancy(template.part("placement")),
        monitoring=template.flag("monitoring.enabled"),
        public_address=any(addresses) if addresses else None,
        spot=template.text(f"{MARKET}.marketType", "") == "spot",
        highest_spot_price=template.number(highest) if template.has(highest) else None,
        credits=template.text(CREDITS, ""),
        ebs_optimized=template.flag("ebsOptimized"),
    )


def from_configuration(ctx: EstimationContext) -> Machine:
    """The specification in the launch configuration that `ctx` refers to."""
    configuration = ctx.related("launchConfiguration", LAUNCH_CONFIGURATION)
    if configuration is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "launchConfiguration: it is not in the preview")
    return replace(of_instance(configuration), monitoring=configuration.flag("enableMonitoring", True))


def of_instance(described: Inputs) -> Machine:
    """The specification that a launch configuration or a specification of a spot fleet holds itself."""
    spot = described.has("spotPrice")
    return Machine(
        types=one(described.text("instanceType")),
        volumes=volumes_of(described),
        tenancy=described.text("placementTenancy", ""),
        monitoring=described.flag("monitoring"),
        public_address=described.flag(PUBLIC) if described.has(PUBLIC) else None,
        spot=spot,
        highest_spot_price=described.number("spotPrice") if spot else None,
        ebs_optimized=described.flag("ebsOptimized"),
    )


def related_template(ctx: EstimationContext, path: str) -> EstimationContext | None:
    """The launch template that the object at `path` refers to by id or name; `Unpriced` without one."""
    for part in ("id", "launchTemplateId", "name", "launchTemplateName"):
        if ctx.has(f"{path}.{part}"):
            template = ctx.related(f"{path}.{part}", LAUNCH_TEMPLATE)
            if template is None:
                raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{path}: the launch template is not in the preview")
            return template
    return None


def charge_machines(
    ctx: EstimationContext,
    machine: Machine,
    on_demand: Range,
    spot: Range,
    system: str,
    *,
    root_size: Range | int,
    subnets: str,
) -> None:
    """Charges for units of capacity on demand and on spot: hours, credits, volumes, monitoring, addresses.

    Subnets at the path `subnets` decide on public addresses when the template does not.
    """
    hours = ctx.hours()
    if not on_demand.is_zero:
        charge_instances(ctx, machine.types, hours, times=on_demand, tenancy=machine.tenancy, system=system)
    if not spot.is_zero:
        charge_spot(ctx, machine.types, hours, times=spot, system=system, highest=machine.highest_spot_price)
    count = instances(machine.types, on_demand + spot)
    for kind in machine.types:
        charge_cpu_credits(ctx, kind, system, machine.credits)
        if kind.startswith("t"):
            break
    if machine.ebs_optimized:
        charge_ebs_optimization(ctx, machine.types, hours, on_demand + spot)
    charge_volumes(ctx, machine.volumes, times=count, root_size=root_size)
    if machine.monitoring:
        charge_detailed_monitoring(ctx, ctx.months(), count)
    if machine.public_address is None:
        per_instance = public_addresses(ctx, subnets)
    else:
        per_instance = Range.of(int(machine.public_address))
    ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours * count * per_instance)
