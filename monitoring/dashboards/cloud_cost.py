"""The dashboard finops-cloud-cost: the guide, Dashboards & Monitoring, 1. Cloud Cost Dashboard."""

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards import panels
from monitoring.dashboards.cloud_account import (
    add_commitments,
    add_storage_and_data,
    add_storage_health,
    add_unit_cost,
)
from monitoring.dashboards.dashboard import (
    DATED,
    PAST,
    add_row,
    addresses,
    dashboard,
    date_variable,
    link,
    numbered,
)
from monitoring.dashboards.panels import About, Column, Query

UID = "finops-cloud-cost"
CURRENT = 'aws_cost_monthly_$cost{month="current"}'
LATE = (
    "From the stored bill; the month so far. Figures of the last days still change: the date in the title "
    "is the last day that no longer does."
)


def cloud_cost() -> model.Dashboard:
    """What AWS costs, against budget and forecast, and where it goes."""
    board = dashboard(
        UID,
        "FinOps: Cloud cost",
        "What AWS costs, from the stored bill (docs/cost-data.md). No panel sends requests to AWS.",
        "now-30d",
        [
            link("AI budgets", "/d/finops-ai-budget"),
            link("Runbook", "${docs_url}/runbook.md"),
            link("Where the figures come from", "${docs_url}/cost-data.md"),
            link("Cost review", "${reviews_url}"),
        ],
    )
    cost = build.CustomVariable("cost").label("Cost").values("Billed : usd,Effective : effective_usd")
    board.with_variable(cost.current(model.VariableOption(selected=True, text="Billed", value="usd")))
    last_day = "max(aws_cost_last_final_day_timestamp_seconds)"
    board.with_variable(date_variable("data_until", "Data until", last_day))
    for variable in addresses():
        board.with_variable(variable)
    _this_month(board)
    _trend(board)
    _breakdown(board)
    add_unit_cost(board)
    add_commitments(board)
    add_storage_and_data(board)
    add_storage_health(board)
    return numbered(board)


def _this_month(board: build.Dashboard) -> None:
    utilization = '(sum(aws_cost_monthly_usd{month="current"}) / sum(aws_budget_monthly_limit_usd)) * 100'
    add_row(
        board,
        "This month",
        panels.stat_panel(
            About(f"Monthly spend{DATED}", LATE, 6, 5), panels.USD, Query(f"sum({CURRENT})"), decimals=0
        ),
        panels.stat_panel(
            About(
                f"Budget utilization{DATED}",
                "Billed cost of the month as a share of the AWS budget of the whole account. Credits lower"
                " it; the alerts also use what AWS counts against the budget, which has none.",
                6,
                5,
            ),
            panels.PERCENT,
            Query(utilization),
            steps=panels.BUDGET_STEPS,
            decimals=1,
        ),
        panels.stat_panel(
            About(
                f"Forecast of the month{DATED}",
                "Forecast of AWS for the whole month, with its 80 % interval. It is read every fourth day.",
                6,
                5,
            ),
            panels.USD,
            Query("sum(aws_cost_forecast_low_usd)", "Low"),
            Query("sum(aws_cost_forecast_usd)", "Forecast"),
            Query("sum(aws_cost_forecast_high_usd)", "High"),
            decimals=0,
        ),
        panels.stat_panel(
            About(
                f"Month-over-month growth{DATED}",
                "Billed cost of the last complete month against the month before, and the forecast of this"
                " month against the last complete month.",
                6,
                5,
            ),
            panels.PERCENT,
            Query("finops:aws_cost_growth:percent", "Last month"),
            Query("finops:aws_cost_forecast_growth:percent", "This month, forecast"),
            steps=(("green", None), ("orange", 10), ("red", 20)),
            decimals=1,
        ),
    )


def _trend(board: build.Dashboard) -> None:
    add_row(
        board,
        "Trend",
        panels.bar_chart(
            About(
                f"Monthly spend vs. budget{DATED}",
                "Each month of the stored bill beside the budget of today. The last month is not complete.",
                12,
                9,
            ),
            panels.USD,
            "month",
            Query(f"sum by (month) ({PAST})", "Spend"),
            Query(
                f"0 * sum by (month) ({PAST}) + on () group_left () sum(aws_budget_monthly_limit_usd)",
                "Budget",
            ),
            grey="Budget",
            decimals=0,
        ),
        panels.time_series(
            About(
                f"Spend, forecast and budget{DATED}",
                "The month to date as it was known at each time, the forecast of AWS with its 80 % "
                "interval, and the budget. The month to date starts at 0 on the 1st.",
                12,
                9,
            ),
            panels.USD,
            Query("sum(aws_cost_forecast_low_usd)", "Low forecast"),
            Query("sum(aws_cost_forecast_high_usd)", "High forecast"),
            Query("sum(aws_cost_forecast_usd)", "Forecast"),
            Query("sum(aws_budget_monthly_limit_usd)", "Budget"),
            Query(f"sum({CURRENT})", "Month to date"),
            band=("Low forecast", "High forecast"),
            decimals=0,
        ),
        panels.stacked_bar_chart(
            About(
                f"Daily cost by service{DATED}",
                "The last 35 days of the stored bill. On the 1st, services bill monthly fees.",
                24,
                10,
            ),
            panels.USD,
            "day",
            "service",
            "sum by (day, service) (aws_cost_daily_history_$cost)",
        ),
    )


def _breakdown(board: build.Dashboard) -> None:
    last_month = f"sum by (service) ({PAST} and on (month) finops:month_before:info)"
    add_row(
        board,
        "Where it goes",
        panels.bar_gauge(
            About(f"Cost by Region{DATED}", LATE, 8, 10),
            panels.USD,
            Query(f"sort_desc(sum by (region) ({CURRENT}))", "{{region}}"),
            decimals=0,
        ),
        panels.table_panel(
            About(
                f"Cost by service{DATED}",
                "This month so far, the last complete month, and the last complete day.",
                8,
                10,
            ),
            {"service": "Service"},
            Column("This month", f"sum by (service) ({CURRENT})", panels.USD, 0),
            Column("Last month", last_month, panels.USD, 0),
            Column("Last day", "sum by (service) (aws_cost_daily_$cost)", panels.USD, 0),
            sort="This month",
        ),
        panels.bar_gauge(
            About(
                f"Top 10 cost drivers{DATED}", f"The ten largest pairs of service and Region. {LATE}", 8, 10
            ),
            panels.USD,
            Query(f"topk(10, sum by (region, service) ({CURRENT}))", "{{service}}, {{region}}"),
            decimals=0,
        ),
        panels.bar_gauge(
            About(
                f"Cost by team{DATED}",
                "By the tag `team`; `untagged` has none. Accounts without a data export have no tags.",
                8,
                9,
            ),
            panels.USD,
            Query('sort_desc(sum by (team) (aws_cost_team_monthly_$cost{month="current"}))', "{{team}}"),
            decimals=0,
        ),
        panels.bar_gauge(
            About(
                f"Untagged share{DATED}",
                "Share of the effective cost of usage without a value of the tag, this month.",
                8,
                9,
            ),
            panels.RATIO,
            Query('sort_desc(max by (tag) (aws_cost_untagged_ratio{month="current"}))', "{{tag}}"),
            steps=(("green", None), ("orange", 0.05), ("red", 0.2)),
            decimals=1,
        ),
        panels.table_panel(
            About(
                f"Change of usage on the last complete day{DATED}",
                "Usage against the larger of the day before and the same weekday of the week before. The "
                "alert CloudCostSpike fires above 20 % and $50.",
                8,
                9,
            ),
            {"service": "Service"},
            Column(
                "Change",
                '100 * (max by (service) (aws_cost_final_day_usage_usd{days_before="0"})'
                " / (service:aws_cost_final_day_usage_baseline:usd > 0) - 1)",
                panels.PERCENT,
                1,
                (("green", None), ("orange", 10), ("red", 20)),
            ),
            Column(
                "Last day", 'max by (service) (aws_cost_final_day_usage_usd{days_before="0"})', panels.USD, 0
            ),
            sort="Change",
        ),
    )
