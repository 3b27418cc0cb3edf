"""S3 storage classes: the minimum days and sizes that an object is billed for.

Sizes are in `s3_storage_classes.csv`, days in `teei_finops/aws_limits/__init__.py`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from teei_finops.aws_limits import S3_MINIMUM_DAYS
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
                S3_MINIMUM_DAYS.get(row["storage_class"], 0),
                Decimal(row["min_billable_kb"]),
                Decimal(row["overhead_kb_at_class_rate"]),
                Decimal(row["overhead_kb_at_standard_rate"]),
            )
            for row in csv.DictReader(file)
        }
