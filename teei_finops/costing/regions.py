"""The Region in which a resource is billed."""

from __future__ import annotations

import re
from typing import Any

from teei_finops.costing.amounts import NO_PRICE, SECRET_VALUE, UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.values import is_secret, is_unknown
from teei_finops.costing.yaml_file import SettingError, near

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html, 2026-11
REGIONS = frozenset({
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1",
    "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
    "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1",
    "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1",
    "us-west-2",
})  # fmt: skip
# `default`, or `default_7_51_0` with the version of the SDK: the providers that the engine creates itself.
_DEFAULT_PROVIDER = re.compile(r"default(_\d+_\d+_\d+.*)?")
# The zone of a Region (`eu-central-1a`), or a Local Zone or Wavelength Zone of it (`us-west-2-lax-1a`).
_ZONE = re.compile(r"([a-z]+(?:-[a-z]+)+-\d)(?:[a-z]|-[a-z0-9-]+)")
_ZONE_INPUTS = ("availabilityZone", "availabilityZones")


def check_region(name: str, where: str) -> str:
    """`name` where it is a Region of AWS. Raises `SettingError`, which names a similar one."""
    if name not in REGIONS:
        raise SettingError(f"{where}: unknown Region {name!r}{near(name, sorted(REGIONS))}")
    return name


def region_of(
    plan: Plan, resource: Resource, state: State, fallback: str | None, default: str | None = None
) -> str:
    """Where a resource is billed.

    The Region of the resource itself, else of its provider where the preview has it, else of its availability
    zone or ARN. A default provider has that of the config's `aws:region`, else `fallback` or `default`;
    `fallback` is for all resources of which none of these is known.

    Raises `Unpriced` where there is no Region, or one that AWS does not have.
    """
    region = _region_of(plan, resource, state, fallback, default)
    if not region:
        raise Unpriced(NO_PRICE, "its Region is not known; set one with --region")
    if region not in REGIONS:
        raise Unpriced(NO_PRICE, f"unknown Region {region!r}{near(region, sorted(REGIONS))}")
    return region


def _region_of(
    plan: Plan, resource: Resource, state: State, fallback: str | None, default: str | None
) -> str | None:
    for values in (state.inputs, state.outputs):
        own = _known(values.get("region"), "region")
        if own:
            return own
    reference = state.provider or resource.provider
    urn = reference.rpartition("::")[0] if reference.count("::") > 3 else reference
    unknown: Unpriced | None = None
    try:
        key = (urn, state is resource.old)
        if key not in plan.provider_regions:
            plan.provider_regions[key] = _of_provider(plan, urn, old=key[1])
        of_provider = plan.provider_regions[key]
    except Unpriced as reason:
        of_provider, unknown = "", reason
    region = of_provider or _of_location(state)
    if region:
        return region
    if unknown is not None:
        raise unknown
    if not urn or _DEFAULT_PROVIDER.fullmatch(urn.rpartition("::")[2]):
        return _known(plan.config.get("aws:region"), "config aws:region") or fallback or default
    return fallback


def _of_location(state: State) -> str:
    """From an availability zone in the inputs, or from its ARN."""
    for name in _ZONE_INPUTS:
        value = state.inputs.get(name)
        match = _ZONE.fullmatch(zone) if isinstance(zone := _first(value), str) else None
        if match:
            return match[1]
    for arn in (state.outputs.get("arn"), state.id):
        parts = arn.split(":", 5) if isinstance(arn, str) and arn.startswith("arn:") else []
        if len(parts) == 6 and parts[3] in REGIONS:
            return parts[3]
    return ""


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _of_provider(plan: Plan, urn: str, *, old: bool) -> str:
    provider = plan.by_urn.get(urn)
    if provider is None:
        return ""
    state = (provider.old or provider.new) if old else (provider.new or provider.old)
    if state is None:
        return ""
    name = f"region of provider {provider.name}"
    return _known(state.inputs.get("region"), name) or _known(state.outputs.get("region"), name)


def _known(value: Any, path: str) -> str:
    if not value:
        return ""
    if is_unknown(value):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, path)
    if is_secret(value):
        raise Unpriced(SECRET_VALUE, path)
    return value if isinstance(value, str) else ""
