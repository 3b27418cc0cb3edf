"""`teei-finops usage from focus`: a usage profile from the consumed quantities of a bill."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from teei_finops.cost_explorer import SERVICES
from teei_finops.costing.amounts import HOURS
from teei_finops.costing.bill.focus import FocusError, read_bill
from teei_finops.costing.bill.reconcile import identities
from teei_finops.costing.preview.plan import Plan
from teei_finops.costing.usage.measured import (
    UsageByUrn,
    deployed_resources,
    matches_usage_type,
    profile_text,
    usage_rules,
)


def usage_from_focus(bill_file: Path, plans: Sequence[Plan]) -> str:
    """The text of a `usage.yaml`, scaled to a month of 730 hours. Raises `FocusError`."""
    bill = read_bill(bill_file)
    if not bill.has_usage_types:
        raise FocusError(f"{bill_file}: no column x_UsageType; use a FOCUS export of AWS Data Exports")
    deployed = deployed_resources(plans)
    resources = {
        identity: (resource.urn, resource.type)
        for _, resource, _ in deployed
        for identity in identities(resource)
    }
    rules = [rule for rows in usage_rules("usage_types.csv").values() for rule in rows]
    usage: UsageByUrn = {}
    for charge in bill.charges:
        urn, token = resources.get(charge.resource, ("", ""))
        for rule in rules:
            if (
                rule["type"] == token
                and SERVICES.get(rule["service"]) == charge.service
                and matches_usage_type(charge.usage_type, rule["usage_type"])
            ):
                values, key = usage.setdefault(urn, {}), rule["usage_key"]
                amount = charge.quantity * Decimal(rule["scale"]) * HOURS / bill.hours
                values[key] = values.get(key, Decimal(0)) + amount
    return profile_text(usage, f"focus, {bill.start:%Y-%m-%d} to {bill.end:%Y-%m-%d}", deployed)
