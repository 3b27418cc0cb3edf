"""What the collector of costs may do at AWS; docs/cost-data.md lists it for a reader.

Resources are as narrow as AWS allows: docs.aws.amazon.com/service-authorization, 2026-11.
"""

import pulumi

from components.cost_data.athena import TABLE, AthenaTable
from components.cost_data.billing_export import BillingExport
from components.lambda_functions.roles import Statement, allow
from components.settings import Settings

# These support no resource. A Cost Explorer request without a billing view is for the whole account.
WITHOUT_RESOURCE = (
    "ce:GetCostAndUsage",
    "ce:GetCostForecast",
    "ce:GetReservationCoverage",
    "ce:GetReservationUtilization",
    "ce:GetSavingsPlansCoverage",
    "ce:GetSavingsPlansUtilization",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "ec2:DescribeReservedInstances",
    "es:DescribeReservedInstances",
    "redshift:DescribeReservedNodes",
)


def account_statements(settings: Settings, regions: tuple[str, ...]) -> list[Statement]:
    """Costs, budgets, commitments and bucket sizes of the account."""
    account = settings.account_id
    return [
        allow(WITHOUT_RESOURCE, ["*"]),
        allow(["budgets:ViewBudget"], [f"arn:aws:budgets::{account}:budget/*"]),
        allow(["savingsplans:DescribeSavingsPlans"], [f"arn:aws:savingsplans::{account}:savingsplan/*"]),
        allow(
            ["rds:DescribeReservedDBInstances"],
            [f"arn:aws:rds:{region}:{account}:ri:*" for region in regions],
        ),
        allow(
            ["elasticache:DescribeReservedCacheNodes"],
            [f"arn:aws:elasticache:{region}:{account}:reserved-instance:*" for region in regions],
        ),
    ]


def export_statements(export: BillingExport) -> list[Statement]:
    """The objects of the export."""
    return [
        allow(["s3:ListBucket"], [export.bucket.arn]),
        allow(["s3:GetObject"], [pulumi.Output.concat(export.bucket.arn, "/*")]),
    ]


def athena_statements(settings: Settings, table: AthenaTable, export: BillingExport) -> list[Statement]:
    """Queries in the workgroup, on the table of the export."""
    athena = f"arn:aws:athena:{settings.region}:{settings.account_id}"
    glue = f"arn:aws:glue:{settings.region}:{settings.account_id}"
    return [
        allow(["s3:GetBucketLocation"], [export.bucket.arn]),
        allow(
            ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"],
            [f"{athena}:workgroup/{table.workgroup}"],
        ),
        allow(["athena:GetTableMetadata"], [f"{athena}:datacatalog/AwsDataCatalog"]),
        allow(
            ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"],
            [
                f"{glue}:catalog",
                f"{glue}:database/{table.database}",
                f"{glue}:table/{table.database}/{TABLE}",
            ],
        ),
    ]
