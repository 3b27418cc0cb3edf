"""What both dashboards have: variables, links and the rows of panels."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards.panels import DATASOURCE

# Where an installation publishes the docs and the reviews of this repository; both are text boxes.
DOCS_URL = "https://finops.teei.io/docs"
REVIEWS_URL = "https://finops.teei.io/reviews"
# The kind of variable query, VarQueryResult:
# https://github.com/grafana/grafana/blob/main/packages/grafana-prometheus/src/types.ts, 2026-11
QUERY_RESULT = 3
DATED = " · data until $data_until"
READ = " · usage log read $usage_read"
NAMED_BUDGETS = (
    "Budgets that have spent less than metrics_share_percent of their limit (50 % by default) are not "
    "named in the metrics."
)
PAST = 'aws_cost_monthly_$cost{month!="current"}'


def dashboard(
    uid: str, title: str, text: str, since: str, links: Sequence[build.DashboardLink]
) -> build.Dashboard:
    """A dashboard without panels; `since` is the start of its time range, like now-30d. Times are UTC."""
    board = build.Dashboard(title).uid(uid).description(text).tags(["finops"]).timezone("utc")
    board.time(since, "now").refresh("5m").readonly().tooltip(model.DashboardCursorSync.CROSSHAIR)
    board.with_variable(build.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    for link in links:
        board.link(link)
    return board


def addresses() -> list[build.TextBoxVariable]:
    """The addresses that the links use."""
    return [
        build.TextBoxVariable("docs_url").label("Docs").default_value(DOCS_URL),
        build.TextBoxVariable("reviews_url").label("Reviews").default_value(REVIEWS_URL),
    ]


def date_variable(name: str, label: str, timestamp: str) -> build.QueryVariable:
    """A variable that is the date, YYYY-MM-DD, of a PromQL vector of one timestamp in seconds."""
    number = f"year({timestamp}) * 10000 + month({timestamp}) * 100 + day_of_month({timestamp})"
    digits = f'count_values("date", {number})'
    expr = f'label_replace({digits}, "date", "$1-$2-$3", "date", "(.{{4}})(.{{2}})(.{{2}})")'
    variable = build.QueryVariable(name).label(label).datasource(DATASOURCE)
    query: dict[str, object] = {"qryType": QUERY_RESULT, "query": f"query_result({expr})", "refId": "date"}
    variable.query(query).regex('/date="([^"]+)"/')
    return variable.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)


def link(title: str, url: str) -> build.DashboardLink:
    """A link at the top of a dashboard."""
    return build.DashboardLink(title).type(model.DashboardLinkType.LINK).url(url).target_blank(True)


def add_row(board: build.Dashboard, title: str, *panels: Builder[model.Panel]) -> None:
    """Adds a heading and its panels."""
    board.with_row(build.Row(title))
    for panel in panels:
        board.with_panel(panel)


def numbered(board: build.Dashboard) -> model.Dashboard:
    """The dashboard with the panel ids 1, 2, …, which addresses of single panels use."""
    built = board.build()
    for number, panel in enumerate(built.panels or [], 1):
        panel.id_val = number
    return built
