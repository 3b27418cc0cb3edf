"""S3 storage classes: the minimum days and sizes that an object is billed for (`s3_storage_classes.csv`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from teei_finops.costing.prices.price_book import FOLDER


@dataclass(frozen=True, slots=True)
class StorageClass:
    """Days, and KB for each object; the overheads are billed beside each archived object.

    `name` is the class in the S3 API (`STANDARD_IA`), `price_family` its family in the price book.
    """

    name: str
    price_family: str
    min_days: int
    min_billable_kb: Decimal
    overhead_kb_at_class_rate: Decimal
    overhead_kb_at_standard_rate: Decimal

    @property
    def usage_name(self) -> str:
        """The class in usage keys: `standard_ia` of `standard_ia_storage_gb`."""
        return self.price_family.replace("-", "_")


@cache
def storage_classes() -> dict[str, StorageClass]:
    """By name in the S3 API."""
    with (FOLDER / "s3_storage_classes.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["storage_class"]: StorageClass(
                row["storage_class"],
                row["price_family"],
                int(row["min_days"]),
                Decimal(row["min_billable_kb"]),
                Decimal(row["overhead_kb_at_class_rate"]),
                Decimal(row["overhead_kb_at_standard_rate"]),
            )
            for row in csv.DictReader(file)
        }


def minimum_storage_days() -> dict[str, int]:
    """Classes that are billed for a minimum of days, by name in the S3 API."""
    days = {name: storage_class.min_days for name, storage_class in storage_classes().items()}
    return {name: minimum for name, minimum in days.items() if minimum}
