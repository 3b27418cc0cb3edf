"""The rows of finops-ai-budget on models, usage spikes and the service."""

from grafana_foundation_sdk.builders import dashboard as build

from monitoring.dashboards import panels
from monitoring.dashboards.dashboard import NAMED_BUDGETS, READ, add_row
from monitoring.dashboards.panels import About, Column, Query


def _increase(metric: str, by: str, span: str = "30d", selector: str = "") -> str:
    return f"sum by ({by}) (increase({metric}{selector}[{span}]))"


def _spent_by_tenant(span: str, offset: str = "") -> str:
    """What each tenant spent in a span: a new month is a reset, as of a counter."""
    increase = f'increase(ai_budget_spent_usd{{tenant_id!="",model!="*"}}[{span}]{offset})'
    return f"sum by (tenant_id) (max by (tenant_id, model) ({increase}))"


def add_models(board: build.Dashboard) -> None:
    """Adds what models and reports cost."""
    cost, requests = "ai_token_usage_cost_usd", "ai_token_usage_requests"
    tokens = "ai_token_usage_input_tokens", "ai_token_usage_output_tokens"
    all_tokens = " + ".join(_increase(metric, "model") for metric in tokens)
    reports = '{report_type!=""}'
    add_row(
        board,
        "Models and reports",
        panels.bar_gauge(
            About(
                f"Spend by model{READ}",
                "This month, from the usage log, which is read twice a day, and from the bill for Bedrock.",
                8,
                9,
            ),
            panels.USD,
            Query(
                "sort_desc(sum by (model) (max by (source, model) "
                '(ai_model_cost_monthly_usd{month="current"})))',
                "{{model}}",
            ),
            decimals=0,
        ),
        panels.bar_gauge(
            About(
                "Cost per million tokens",
                "Token efficiency: cost of the last 30 days by all tokens, input, cache and output. It "
                "falls with more cached input and a cheaper model.",
                8,
                9,
            ),
            panels.USD,
            Query(f"sort_desc(1e6 * {_increase(cost, 'model')} / (({all_tokens}) > 0))", "{{model}}"),
            decimals=2,
        ),
        panels.bar_gauge(
            About(
                "Average cost per report",
                "Cost of the last 30 days by the number of calls. The guide's query, "
                'avg(ai_token_usage_cost_usd{report_type!=""}) by (report_type), has the average over '
                "models of "
                "what was ever spent, not the cost of a report.",
                8,
                9,
            ),
            panels.USD,
            Query(
                f"sort_desc({_increase(cost, 'report_type', selector=reports)}"
                f" / ({_increase(requests, 'report_type', selector=reports)} > 0))",
                "{{report_type}}",
            ),
            decimals=3,
        ),
    )


def add_anomalies(board: build.Dashboard) -> None:
    """Adds usage spikes."""
    hourly = "sum(max by (model, report_type) (increase(ai_token_usage_cost_usd[1h])))"
    usual = f"avg_over_time({hourly}[1w:1h] offset 1h)"
    spread = f"stddev_over_time({hourly}[1w:1h] offset 1h)"
    add_row(
        board,
        "Anomalies",
        panels.time_series(
            About(
                "Hourly AI spend against its usual range",
                "The area is the average of the hours of the week before, up to three standard deviations "
                "above. A line above it is a usage spike.",
                16,
                9,
            ),
            panels.USD,
            Query(usual, "Average"),
            Query(f"{usual} + 3 * {spread}", "Upper bound"),
            Query(hourly, "Spend of the hour"),
            band=("Average", "Upper bound"),
        ),
        panels.bar_gauge(
            About(
                "Tenants above their usual spend",
                "Spend of the last 24 hours, as a multiple of an average day of the week before. "
                f"{NAMED_BUDGETS}",
                8,
                9,
            ),
            panels.TIMES,
            Query(
                f"topk(10, {_spent_by_tenant('1d')} / ({_spent_by_tenant('7d', ' offset 1d')} / 7 > 0))",
                "{{tenant_id}}",
            ),
            steps=(("green", None), ("orange", 2), ("red", 3)),
            decimals=1,
        ),
    )


def add_service(board: build.Dashboard) -> None:
    """Adds the service itself, and alerts."""
    add_row(
        board,
        "Service and alerts",
        panels.time_series(
            About(
                "Answers by status",
                "Requests of the hour before each time; 4xx are denied or wrong calls, 5xx are errors.",
                8,
            ),
            panels.COUNT,
            Query("sum by (status) (increase(ai_budget_request_duration_seconds_count[1h]))", "{{status}}"),
            decimals=0,
        ),
        panels.stat_panel(
            About(
                "Time to answer, 95th percentile",
                "Of checks and tracks in the last five minutes, measured in the service.",
                4,
            ),
            panels.SECONDS,
            Query(
                "histogram_quantile(0.95, sum by (le)"
                ' (rate(ai_budget_request_duration_seconds_bucket{route=~".*/(check|track)"}[5m])))'
            ),
            steps=(("green", None), ("orange", 0.1), ("red", 0.5)),
            decimals=3,
        ),
        panels.stat_panel(
            About(
                "Not charged, not sent",
                "Calls without a price, which are charged to no budget until POST /reprice; notices to "
                "tenants that wait, and those that failed after the last attempt.",
                4,
            ),
            panels.COUNT,
            Query("sum(max by (model) (ai_budget_unpriced_calls)) or vector(0)", "Calls"),
            Query("max(ai_budget_outbox_unsent)", "Notices waiting"),
            Query('sum(max by (channel) (ai_budget_notices{state="failed"})) or vector(0)', "Notices failed"),
            steps=(("green", None), ("orange", 1)),
            decimals=0,
        ),
        panels.table_panel(
            About("Alerts", "FinOps alerts on AI budgets that are firing.", 8),
            {"alertname": "Alert", "severity": "Severity"},
            Column(
                "Firing",
                "count by (alertname, severity) "
                '(ALERTS{category="finops",alertstate="firing",alertname=~".*AI.*"})',
                panels.COUNT,
                0,
            ),
            sort="Firing",
            none="No alert is firing",
        ),
    )
