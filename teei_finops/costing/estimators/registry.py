"""Amazon ECR repositories."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.compute import charge_transfer


@estimates("aws:ecr/repository:Repository")
def repository(r: Subject) -> None:
    storage = r.usage("storage_gb", 1, 10, 100)
    r.charge("Image storage", "AmazonECR", "private", "storage", storage)
    charge_transfer(r, "monthly_internet_egress_gb")
