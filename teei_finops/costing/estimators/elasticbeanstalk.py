"""AWS Elastic Beanstalk: the EC2, load balancing and RDS resources of its environments."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import ROOT_SIZE, charge_volume
from teei_finops.costing.estimators.compute import (
    charge_cpu_credits,
    charge_transfer,
    operating_system,
)
from teei_finops.costing.estimators.database_instances import engine_family
from teei_finops.costing.estimators.instance_hours import charge_instances, charge_spot, one
from teei_finops.costing.estimators.load_balancing import charge_application, charge_classic, charge_network
from teei_finops.costing.inputs import Inputs

# Option settings that cost money, with their defaults (Elastic Beanstalk developer guide, general options,
# 2026-10).
_LAUNCH, _ASG = "aws:autoscaling:launchconfiguration", "aws:autoscaling:asg"
_INSTANCES, _ENVIRONMENT = "aws:ec2:instances", "aws:elasticbeanstalk:environment"
_VPC, _DATABASE = "aws:ec2:vpc", "aws:rds:dbinstance"
_DEFAULTS = {
    (_LAUNCH, "InstanceType"): "t3.micro",
    (_ASG, "MinSize"): "1",
    (_ASG, "MaxSize"): "4",
    (_INSTANCES, "EnableSpot"): "false",
    (_ENVIRONMENT, "EnvironmentType"): "LoadBalanced",
    (_ENVIRONMENT, "LoadBalancerType"): "classic",
    (_VPC, "AssociatePublicIpAddress"): "true",
    (_VPC, "ELBScheme"): "public",
    (_INSTANCES, "InstanceTypes"): "",
    (_LAUNCH, "RootVolumeType"): "",
    (_LAUNCH, "RootVolumeSize"): "",
    (_LAUNCH, "RootVolumeIOPS"): "",
    (_LAUNCH, "RootVolumeThroughput"): "",
    (_DATABASE, "DBInstanceClass"): "",
    (_DATABASE, "DBAllocatedStorage"): "5",
    (_DATABASE, "DBEngine"): "mysql",
    (_DATABASE, "MultiAZDatabase"): "false",
}


@estimates("aws:elasticbeanstalk/environment:Environment")
def environment(ctx: EstimationContext) -> None:
    """Instances between MinSize and MaxSize, expected at MinSize; Beanstalk itself is free."""
    settings = _settings(ctx)
    load_balanced = settings[_ENVIRONMENT, "EnvironmentType"] == "LoadBalanced"
    count = ctx.from_usage("average_instances")
    if count is None and load_balanced:
        low, high = _number(settings, _ASG, "MinSize"), _number(settings, _ASG, "MaxSize")
        count = Range(low, low, max(low, high))
    count = count or Range.of(1)
    named = [name.strip() for name in settings[_INSTANCES, "InstanceTypes"].split(",")]
    types = dict.fromkeys(filter(None, named), Decimal(1))
    types = types or one(settings[_LAUNCH, "InstanceType"])
    system = "windows" if "Windows" in ctx.text("solutionStackName", "") else operating_system(ctx)
    hours = ctx.hours()
    spot = settings[_INSTANCES, "EnableSpot"] == "true"
    charge = charge_spot if spot else charge_instances
    charge(ctx, types, hours, times=count, system=system)
    charge_cpu_credits(ctx, next(iter(types)), system)
    _root_volume(ctx, settings, count)
    if settings[_VPC, "AssociatePublicIpAddress"] == "true":
        ctx.charge("Public IPv4 addresses", "AmazonVPC", "public-ipv4", "in-use", hours * count)
    if load_balanced and ctx.text("tier", "WebServer") != "Worker":
        _load_balancer(ctx, settings, hours)
    if settings[_DATABASE, "DBInstanceClass"]:
        _database(ctx, settings, hours)
    charge_transfer(ctx, "monthly_internet_egress_gb")


def _settings(ctx: EstimationContext) -> dict[tuple[str, str], str]:
    """The settings that cost money; an unknown or secret one makes the environment unpriced."""
    settings = dict(_DEFAULTS)
    for setting in ctx.items("settings"):
        key = (str(setting.raw.get("namespace")), str(setting.raw.get("name")))
        if key in _DEFAULTS:
            settings[key] = setting.text("value", "")
    return settings


def _number(settings: dict[tuple[str, str], str], namespace: str, name: str) -> Decimal:
    text = settings[namespace, name]
    if not text.isdigit():
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"setting {namespace} {name} is not a number")
    return Decimal(text)


def _root_volume(ctx: EstimationContext, settings: dict[tuple[str, str], str], count: Range) -> None:
    raw: dict[str, str] = {}
    for name, path in (
        ("RootVolumeType", "type"),
        ("RootVolumeSize", "size"),
        ("RootVolumeIOPS", "iops"),
        ("RootVolumeThroughput", "throughput"),
    ):
        value = settings[_LAUNCH, name]
        if value:
            raw[path] = value
    charge_volume(ctx, "Root volume", Inputs(raw), times=count, default_size=ROOT_SIZE)


def _load_balancer(ctx: EstimationContext, settings: dict[tuple[str, str], str], hours: Range) -> None:
    charge = {"application": charge_application, "network": charge_network}
    charge.get(settings[_ENVIRONMENT, "LoadBalancerType"], charge_classic)(ctx, hours)
    if settings[_VPC, "ELBScheme"] != "internal":
        ctx.note("the public IPv4 addresses of its load balancer are not in this figure")


def _database(ctx: EstimationContext, settings: dict[tuple[str, str], str], hours: Range) -> None:
    engine = engine_family(settings[_DATABASE, "DBEngine"])
    zone = "multi-az" if settings[_DATABASE, "MultiAZDatabase"] == "true" else "single-az"
    kind = settings[_DATABASE, "DBInstanceClass"]
    ctx.charge(f"Database {kind} {engine}", "AmazonRDS", f"{engine}-{zone}", kind, hours)
    size = _number(settings, _DATABASE, "DBAllocatedStorage")
    ctx.charge("Database storage", "AmazonRDS", f"storage-{zone}", "gp2", size)
