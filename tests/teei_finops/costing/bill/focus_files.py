"""Bills in FOCUS columns, as AWS Data Exports writes them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

ROW = {
    "BilledCost": "0", "ChargeCategory": "Usage", "ChargePeriodStart": "2026-10-01 00:00:00",
    "ChargePeriodEnd": "2026-10-02 00:00:00", "ConsumedQuantity": "0", "ContractedCost": "0",
    "EffectiveCost": "0", "ListCost": "0", "ResourceId": "", "ServiceName": "", "ProviderName": "AWS",
    "x_ServiceCode": "", "x_UsageType": "",
}  # fmt: skip


def charge(
    service: str, usage_type: str, resource: str, cost: str | int = "0", **more: Any
) -> dict[str, str]:
    """A charge of `cost` in all four columns, which `more` replaces."""
    costs = dict.fromkeys(("ListCost", "ContractedCost", "EffectiveCost", "BilledCost"), str(cost))
    names = {
        "x_ServiceCode": service,
        "ServiceName": service,
        "x_UsageType": usage_type,
        "ResourceId": resource,
    }
    return ROW | names | costs | {key: str(value) for key, value in more.items()}


def write_bill(path: Path, *rows: dict[str, str], without: str = "") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        columns = [name for name in ROW if name != without]
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path
