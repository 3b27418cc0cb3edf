"""The Region in which a resource is billed: its own, else its provider's, else `--region`."""

from __future__ import annotations

from typing import Any

from teei_finops.costing.amounts import NO_PRICE, SECRET_VALUE, UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.values import is_secret, is_unknown


def region_of(plan: Plan, resource: Resource, state: State, fallback: str | None) -> str:
    """Raises `Unpriced` where none of these is known.

    The Region of a default provider is the config's `aws:region`; that of an explicit one is in its inputs.
    """
    for values in (state.inputs, state.outputs):
        value = values.get("region")
        if value is not None:
            known = _known(value, "region")
            if known:
                return known
    reference = state.provider or resource.provider
    urn = reference.rpartition("::")[0] if reference.count("::") > 3 else reference
    if not urn or urn.rpartition("::")[2].startswith("default"):
        region = _known(plan.config.get("aws:region"), "config aws:region")
    else:
        key = (urn, state is resource.old)
        region = plan.provider_regions.get(key)
        if region is None:
            region = plan.provider_regions[key] = _of_provider(plan, urn, old=key[1])
    if region or fallback:
        return region or fallback or ""
    raise Unpriced(NO_PRICE, "its Region is not known; set one with --region")


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
    if is_unknown(value):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, path)
    if is_secret(value):
        raise Unpriced(SECRET_VALUE, path)
    return value if isinstance(value, str) else ""
