"""Amazon ECR repositories."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.compute import charge_transfer


@estimates("aws:ecr/repository:Repository")
def repository(ctx: EstimationContext) -> None:
    storage = ctx.usage("storage_gb", 1, 10, 100)
    ctx.charge("Image storage", "AmazonECR", "private", "storage", storage)
    charge_transfer(ctx, "monthly_internet_egress_gb")
