"""Stores local billing files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from functions.cost_data.aggregate import aggregated_files, distinct_files, fingerprint_of_files
from functions.cost_data.records import CostDataError, Delivery, Kind, Read
from functions.cost_data.store import Store


def import_files(
    store: Store, paths: Sequence[Path], now: datetime, memory_limit: str
) -> tuple[list[Delivery], int]:
    """Stores the files, which together are one delivery: the parts of one export or the bills of providers.

    Returns what was delivered and how many amounts had more than 28 decimals. Raises CostDataError, and then
    nothing is stored.
    """
    for path in paths:
        if not path.is_file():
            raise CostDataError(f"{path}: no such file")
    files = distinct_files(paths)
    read = Read(
        kind=Kind.BILL,
        source="file",
        origin=", ".join(path.name for path in files),
        at=now,
        fingerprint=fingerprint_of_files(files),
    )
    with aggregated_files(files, memory_limit) as rows:
        deliveries = store.store_costs(read, rows)
        return deliveries, rows.rounded
