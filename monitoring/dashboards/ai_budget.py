"""The dashboard finops-ai-budget: the guide, Dashboards & Monitoring, 2. AI Budget Dashboard."""

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards import panels
from monitoring.dashboards.ai_usage import add_anomalies, add_models, add_service
from monitoring.dashboards.dashboard import (
    NAMED_BUDGETS,
    READ,
    add_row,
    addresses,
    dashboard,
    date_variable,
    link,
    numbered,
)
from monitoring.dashboards.panels import About, Column, Query

UID = "finops-ai-budget"


def ai_budget() -> model.Dashboard:
    """What AI calls cost, by tenant and model, and which budgets they use up."""
    board = dashboard(
        UID,
        "FinOps: AI budgets",
        "What AI calls cost, and the budgets of tenants (docs/ai-budget-operations.md). The AI budget "
        "service reads its database at each scrape.",
        "now-7d",
        [
            link("Cloud cost", "/d/finops-cloud-cost"),
            link("Runbook", "${docs_url}/runbook.md"),
            link("AI budget service", "${docs_url}/ai-budget-operations.md"),
            link("Cost review", "${reviews_url}"),
        ],
    )
    read = 'time() - max(aws_cost_data_age_seconds{kind="ai"})'
    board.with_variable(date_variable("usage_read", "Usage log read", f"({read})"))
    for variable in addresses():
        board.with_variable(variable)
    _spend(board)
    _tenants(board)
    add_models(board)
    add_anomalies(board)
    add_service(board)
    return numbered(board)


def _spend(board: build.Dashboard) -> None:
    add_row(
        board,
        "Spend",
        panels.stat_panel(
            About(
                "Total AI spend (MTD)",
                "The largest of the sums of the budgets, of the usage log and, for Bedrock, of the bill: "
                "the same calls are in each. The alert TotalAISpendHigh fires above $10,000.",
                6,
                5,
            ),
            panels.USD,
            Query("finops:ai_spend_month:usd"),
            steps=(("green", None), ("orange", 8000), ("red", 10000)),
            decimals=0,
        ),
        panels.stat_panel(
            About(
                "Total AI spend, last 30 days",
                "The guide's query. It needs 30 days of history, and counts each scraped pod of the "
                "service: with several pods, divide by their number.",
                6,
                5,
            ),
            panels.USD,
            Query("sum(increase(ai_token_usage_cost_usd[30d]))"),
            decimals=0,
        ),
        panels.stat_panel(
            About(
                "Tenants over budget",
                "Tenants with a budget at its limit. The guide's query, count(ai_budget_hard_limit_reached"
                " == 1), counts a tenant once for each model and pod, and has no value instead of 0.",
                6,
                5,
            ),
            panels.COUNT,
            Query("count(max by (tenant_id) (ai_budget_hard_limit_reached) == 1) or vector(0)"),
            steps=(("green", None), ("red", 1)),
            decimals=0,
        ),
        panels.stat_panel(
            About(
                "Tenants at risk",
                "Tenants with a budget above 80 % that is not at its limit. The alert AIBudgetWarning fires.",
                6,
                5,
            ),
            panels.COUNT,
            Query(
                "count(max by (tenant_id) (ai_budget_utilization_percent"
                " unless on (tenant_id, model) ai_budget_hard_limit_reached == 1) > 80) or vector(0)"
            ),
            steps=(("green", None), ("orange", 1)),
            decimals=0,
        ),
        panels.stacked_bar_chart(
            About(
                f"AI spend by month and model{READ}",
                "From the usage log, which is read twice a day, and from the bill for Bedrock. The last "
                "month is not complete.",
                12,
                9,
            ),
            panels.USD,
            "month",
            "model",
            "sum by (month, model) (max by (month, source, model) "
            '(ai_model_cost_monthly_usd{month!="current"}))',
        ),
        panels.time_series(
            About(
                "Hourly AI spend by model",
                "Spend of the hour before each time.",
                12,
                9,
            ),
            panels.USD,
            Query(
                "sum by (model) (max by (model, report_type) (increase(ai_token_usage_cost_usd[1h])))",
                "{{model}}",
            ),
        ),
    )


def _tenants(board: build.Dashboard) -> None:
    by_tenant = (
        "max by (tenant_id) (sum by (tenant_id, budget) (label_replace(max by (tenant_id, model)"
        ' (ai_budget_spent_usd{tenant_id!=""}), "budget", "all models", "model", "[*]")))'
    )

    def of_budgets(metric: str) -> str:
        return f'max by (tenant_id, model) ({metric}{{tenant_id!=""}})'

    hours = (
        "clamp_max(tenant_model:ai_budget_remaining:hours, 744)"
        f" or 0 * {of_budgets('ai_budget_monthly_limit_usd')} + 744"
    )
    add_row(
        board,
        "Tenants",
        panels.bar_gauge(
            About(
                "Spend by tenant (top 10)",
                "This month, in all models: the larger of the budget for all models and the sum of the "
                f"others. {NAMED_BUDGETS}",
                8,
                11,
            ),
            panels.USD,
            Query(f"topk(10, {by_tenant})", "{{tenant_id}}"),
            decimals=0,
        ),
        panels.table_panel(
            About(
                "Tenant budget status",
                "Every named budget, the fullest first: at risk above 80 %, calls denied at 100 %. Hours "
                "left are at the rate of the last six hours, at most 744, which is a month. "
                f"{NAMED_BUDGETS}",
                16,
                11,
            ),
            {"tenant_id": "Tenant", "model": "Model"},
            Column(
                "Used",
                of_budgets("ai_budget_utilization_percent"),
                panels.PERCENT,
                1,
                (("green", None), ("orange", 80), ("red", 100)),
            ),
            Column("Spent", of_budgets("ai_budget_spent_usd"), panels.USD, 2),
            Column("Reserved", of_budgets("ai_budget_reserved_usd"), panels.USD, 2),
            Column("Limit", of_budgets("ai_budget_monthly_limit_usd"), panels.USD, 0),
            Column("Hours left", hours, panels.COUNT, 1),
            sort="Used",
        ),
    )
