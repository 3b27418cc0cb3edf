"""The rows of finops-cloud-cost on customers, commitments, the data itself and storage."""

from grafana_foundation_sdk.builders import dashboard as build

from monitoring.dashboards import panels
from monitoring.dashboards.dashboard import DATED, PAST, add_row
from monitoring.dashboards.panels import About, Column, Query


def add_unit_cost(board: build.Dashboard) -> None:
    """Adds the cost per customer."""
    add_row(
        board,
        "Unit economics",
        panels.stat_panel(
            About(
                f"Cost per customer{DATED}",
                "The guide's query: it divides by the tenants that any service exposes in "
                "http_requests_total now, so it changes with every restart. Use the panels beside it to "
                "compare months.",
                6,
                7,
            ),
            panels.USD,
            Query(
                'sum(aws_cost_monthly_usd{month="current"}) / count(count by (tenant_id) '
                "(http_requests_total))"
            ),
            decimals=0,
        ),
        panels.stat_panel(
            About(
                f"Cost per active tenant{DATED}",
                "The last complete month, divided by the tenants with a tracked AI call in it.",
                6,
                7,
            ),
            panels.USD,
            Query("month:aws_cost_per_active_tenant:usd and on (month) finops:month_before:info", "Billed"),
            Query(
                "month:aws_cost_effective_per_active_tenant:usd and on (month) finops:month_before:info",
                "Effective",
            ),
            decimals=0,
        ),
        panels.bar_chart(
            About(
                f"Cost per active tenant by month{DATED}",
                "Cost of the month divided by the tenants with a tracked AI call in it. The last month is "
                "not complete.",
                12,
                7,
            ),
            panels.USD,
            "month",
            Query(f"sum by (month) ({PAST}) / (sum by (month) (ai_active_tenants) > 0)", "Cost per tenant"),
            decimals=0,
        ),
    )


def add_commitments(board: build.Dashboard) -> None:
    """Adds Savings Plans, reservations and AWS budgets."""
    add_row(
        board,
        "Commitments and budgets",
        panels.bar_gauge(
            About(
                "Coverage and utilization of commitments",
                "Savings Plans and reservations, last 30 days: the share of eligible cost that they cover,"
                " and the share of them that is used. Read every second week.",
                8,
            ),
            panels.RATIO,
            Query("max by (kind) (aws_commitment_coverage_ratio)", "{{kind}}, coverage"),
            Query("max by (kind) (aws_commitment_utilization_ratio)", "{{kind}}, utilization"),
            decimals=1,
        ),
        panels.table_panel(
            About(
                "Commitments by end",
                "Days until a Savings Plan or reservation ends. The alert CommitmentExpiring fires below 60.",
                8,
            ),
            {"kind": "Kind", "product": "Product", "id": "Id"},
            Column(
                "Ends in",
                "min by (kind, product, id) (aws_commitment_expiry_days)",
                panels.DAYS,
                0,
                (("red", None), ("orange", 30), ("green", 60)),
            ),
            sort="Ends in",
            descending=False,
            none="No commitments",
        ),
        panels.table_panel(
            About(
                "AWS budgets",
                "Each monthly budget as AWS counts it. Budgets overlap, so the rows cannot be added up.",
                8,
            ),
            {"budget": "Budget"},
            Column("Limit", "max by (budget) (aws_budget_limit_usd)", panels.USD, 0),
            Column("Actual", "max by (budget) (aws_budget_actual_usd)", panels.USD, 0),
            Column("Forecast", "max by (budget) (aws_budget_forecast_usd)", panels.USD, 0),
            Column("Subscribers", "max by (budget) (aws_budget_subscribers)", panels.COUNT, 0),
            sort="Limit",
        ),
    )


def add_storage_and_data(board: build.Dashboard) -> None:
    """Adds buckets, the age of the data and alerts."""
    add_row(
        board,
        "Storage, data and alerts",
        panels.bar_gauge(
            About(
                "Largest S3 buckets",
                "All storage classes and versions, as CloudWatch measures them once a day. The alert "
                "S3BucketLarge fires above 1 TB.",
                6,
            ),
            panels.BYTES,
            Query("topk(10, sum by (bucket) (aws_s3_bucket_bytes))", "{{bucket}}"),
            steps=(("blue", None), ("orange", 1e12)),
            decimals=1,
        ),
        panels.table_panel(
            About(
                "Age of the data",
                "Time since each source was last read, and the reads that have failed since. The alert "
                "CostDataStale compares it with the interval of each source.",
                6,
            ),
            {"kind": "Source"},
            Column("Read", "max by (kind) (aws_cost_data_age_seconds)", panels.SECONDS, 0),
            Column("Failures", "max by (kind) (aws_cost_read_failures)", panels.COUNT, 0),
            sort="Read",
        ),
        panels.stat_panel(
            About(
                "Cost Explorer requests",
                "Requests of this month and the most that are allowed, $0.01 each.",
                4,
            ),
            panels.COUNT,
            Query("max(aws_cost_explorer_requests)", "Requests"),
            Query("max(aws_cost_explorer_request_limit)", "Limit"),
            decimals=0,
        ),
        panels.table_panel(
            About("Alerts", "FinOps alerts on cloud costs that are firing.", 8),
            {"alertname": "Alert", "severity": "Severity"},
            Column(
                "Firing",
                "count by (alertname, severity) "
                '(ALERTS{category="finops",alertstate="firing",alertname!~".*AI.*"})',
                panels.COUNT,
                0,
            ),
            sort="Firing",
            none="No alert is firing",
        ),
    )


def add_storage_health(board: build.Dashboard) -> None:
    """Adds what the last verification of the storage retention measured."""
    add_row(
        board,
        "Storage health",
        panels.table_panel(
            About(
                "Retention compliance",
                "Properties that differ from what the stack declares, at the last storage-retention.sh "
                "verify. The alert StorageRetentionDiffers fires above 0.",
                9,
            ),
            {"store": "Store", "resource": "Resource"},
            Column(
                "Differences",
                "sum by (store, resource) (storage_retention_differences)",
                panels.COUNT,
                0,
                (("green", None), ("orange", 1)),
            ),
            sort="Differences",
            none="Never verified",
        ),
        panels.table_panel(
            About("Last verification", "The time since a store was last compared with the settings.", 5),
            {"store": "Store"},
            Column(
                "Age",
                "time() - max by (store) (storage_retention_verified_timestamp_seconds)",
                panels.SECONDS,
                0,
            ),
            sort="Age",
            none="Never verified",
        ),
        panels.bar_gauge(
            About("Buckets by storage class", "The buckets with a lifecycle, all versions included.", 6),
            panels.BYTES,
            Query("sort_desc(sum by (storage_class) (storage_retention_bucket_bytes))", "{{storage_class}}"),
            decimals=1,
            none="Never verified",
        ),
        panels.stat_panel(
            About("Databases on disk", "The events in ClickHouse, and the WAL of PostgreSQL.", 4),
            panels.BYTES,
            Query("sum(storage_retention_clickhouse_bytes)", "Events"),
            Query("sum(storage_retention_postgresql_wal_bytes)", "WAL"),
            decimals=1,
            none="Never verified",
        ),
    )
