"""Amazon ECR repositories."""

from __future__ import annotations

from costing.estimate import estimates
from costing.services.compute import charge_transfer
from costing.subject import Subject


@estimates("aws:ecr/repository:Repository")
def repository(r: Subject) -> None:
    storage = r.usage("storage_gb", 1, 10, 100)
    r.charge("Image storage", "AmazonECR", "private", "storage", storage)
    charge_transfer(r, "monthly_internet_egress_gb")
