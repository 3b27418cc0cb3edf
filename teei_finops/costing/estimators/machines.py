"""Machines with a service on top: Amazon EMR, SageMaker AI and Lightsail."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject, Values
from teei_finops.costing.estimators.compute import charge_instances, charge_volume

EMR, SAGEMAKER = "ElasticMapReduce", "AmazonSageMaker"
# Memory of a Lightsail bundle by its size (Lightsail bundles, 2026-10).
BUNDLES = {
    "nano": "0.5gb",
    "micro": "1gb",
    "small": "2gb",
    "medium": "4gb",
    "large": "8gb",
    "xlarge": "16gb",
    "2xlarge": "32gb",
    "4xlarge": "64gb",
}


@estimates("aws:emr/cluster:Cluster")
def emr(r: Subject) -> None:
    """EC2 instances and their volumes, and EMR's own fee per instance-hour on top (EMR pricing page)."""
    if not any(r.has(f"masterInstance{kind}") for kind in ("Group", "Fleet")):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "neither masterInstanceGroup nor masterInstanceFleet is set")
    for role in ("master", "core"):
        if r.has(f"{role}InstanceGroup"):
            group = r.part(f"{role}InstanceGroup")
            _machines(r, role, group, group.number("instanceCount", 1))
        elif r.has(f"{role}InstanceFleet"):
            _fleet(r, role, r.part(f"{role}InstanceFleet"))


def _fleet(r: Subject, role: str, fleet: Values) -> None:
    configs = fleet.items("instanceTypeConfigs")
    if not configs:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{role}InstanceFleet names no instance type")
    if len(configs) > 1:
        r.note(f"the {role} fleet may run any of its instance types: priced as the first")
    units = fleet.number("targetOnDemandCapacity", 0) + fleet.number("targetSpotCapacity", 0)
    if fleet.number("targetSpotCapacity", 0):
        r.note("spot has no list price: priced as on demand, which it does not exceed")
    weight = max(configs[0].number("weightedCapacity", 1), Decimal(1))
    _machines(r, role, configs[0], units / weight)


def _machines(r: Subject, role: str, described: Values, count: Decimal) -> None:
    kind = described.text("instanceType")
    hours, times = r.hours(), Range.of(count)
    charge_instances(r, kind, hours, times=times, system="linux")
    r.charge(f"EMR fee, {role} {kind}", EMR, "instance", kind, hours, times=times)
    for disk in described.items("ebsConfigs"):
        volumes = times * disk.number("volumesPerInstance", 1)
        charge_volume(r, f"{role.title()} volume", disk, times=volumes, share=r.months())


@estimates("aws:sagemaker/endpointConfiguration:EndpointConfiguration")
def sagemaker_endpoint(r: Subject) -> None:
    """The instances of every variant, billed on the configuration as its endpoint runs them."""
    if not r.count("productionVariants"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "productionVariants is not set")
    hours = r.hours()
    for what in ("productionVariants", "shadowProductionVariants"):
        for variant in r.items(what):
            if variant.has("serverlessConfig"):
                memory = variant.number("serverlessConfig.memorySizeInMb")
                r.charge("Serverless inference", SAGEMAKER, "serverless", f"{memory:f}mb", hours)
                continue
            kind = variant.text("instanceType")
            count = Range.of(variant.number("initialInstanceCount", 1))
            label = f"{kind}, {variant.text('variantName', what)}"
            r.charge(label, SAGEMAKER, "endpoint", kind, hours, times=count)
            size = variant.number("volumeSizeInGb", 0)
            r.charge(
                f"Volume, {variant.text('variantName', what)}",
                SAGEMAKER,
                "endpoint-storage",
                "attached-volume",
                size,
                times=count,
            )
    data = r.stated("monthly_data_processed_gb") or NOTHING
    r.charge("Data processed", SAGEMAKER, "endpoint-data", "data-processed", data)


@estimates("aws:sagemaker/notebookInstance:NotebookInstance")
def sagemaker_notebook(r: Subject) -> None:
    """5 GB is the provider's default volume; it stays when the notebook stops. Its storage has the rate of
    any ML volume (SageMaker pricing page, 2026-10).
    """
    kind = r.text("instanceType")
    r.charge(f"{kind} notebook", SAGEMAKER, "notebook-instance", kind, r.hours())
    size = r.number("volumeSize", 5)
    r.charge("Volume", SAGEMAKER, "endpoint-storage", "attached-volume", size)


@estimates("aws:lightsail/instance:Instance")
def lightsail(r: Subject) -> None:
    """`nano_3_0`, `micro_win_3_0`, `small_ipv6_3_0`: the size, the system and the address type."""
    bundle = r.text("bundleId")
    size, *words = bundle.split("_")
    if size not in BUNDLES:
        r.charge(bundle, "AmazonLightsail", "instance-bundle", bundle, r.hours())
        return
    system = "windows" if "win" in words else "linux"
    ipv6 = "-ipv6" if "ipv6" in words or r.text("ipAddressType", "") == "ipv6" else ""
    key = f"{system}-{BUNDLES[size]}{ipv6}"
    r.charge(f"{bundle} bundle", "AmazonLightsail", "instance-bundle", key, r.hours())
