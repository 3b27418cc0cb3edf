"""The dashboards are what the code describes, and have what the guide and a reader need."""

import json
import re

import pytest

from monitoring.dashboards.__main__ import rendered
from tests.monitoring.rules import MONITORING, ROOT

FOLDER = MONITORING / "dashboards"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
# Units of Grafana, https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/,
# 2026-11; `suffix:` is any text after the number.
UNITS = {"currencyUSD", "percent", "percentunit", "d", "s", "short", "decbytes", "suffix: ×"}
# The guide, Grafana Dashboards.
METRICS = {
    "finops-cloud-cost": [
        "Monthly spend vs. budget",
        "Cost by Region",
        "Cost by service",
        "Top 10 cost drivers",
        "Month-over-month growth",
        "Cost per customer",
    ],
    "finops-ai-budget": [
        "Total AI spend (MTD)",
        "Spend by tenant (top 10)",
        "Spend by model",
        "Tenant budget status",
        "Cost per million tokens",
        "Hourly AI spend against its usual range",
    ],
}
# The guide, Prometheus Metrics, as printed; the last two are explained where they are not used.
QUERIES = {
    "finops-cloud-cost": [
        'sum(aws_cost_monthly_usd{month="current"})',
        '(sum(aws_cost_monthly_usd{month="current"}) / sum(aws_budget_monthly_limit_usd)) * 100',
        'sum(aws_cost_monthly_usd{month="current"}) / count(count by (tenant_id) (http_requests_total))',
    ],
    "finops-ai-budget": ["sum(increase(ai_token_usage_cost_usd[30d]))"],
}
REPLACED = [
    "count(ai_budget_hard_limit_reached == 1)",
    'avg(ai_token_usage_cost_usd{report_type!=""}) by (report_type)',
]


def panels(uid):
    return [panel for panel in BOARDS[uid]["panels"] if panel["type"] != "row"]


def queries(uid):
    """The queries of a dashboard with its variable for billed cost."""
    return [target["expr"].replace("$cost", "usd") for panel in panels(uid) for target in panel["targets"]]


def name(panel):
    """The title without the date of its figures."""
    return panel["title"].split(" · ")[0]


def units(panel):
    yield panel["fieldConfig"]["defaults"].get("unit")
    for override in panel["fieldConfig"]["overrides"]:
        yield from (setting["value"] for setting in override["properties"] if setting["id"] == "unit")


def test_the_files_are_what_the_code_describes():
    files = {path.stem: path.read_text() for path in FOLDER.glob("*.json")}
    assert files == rendered(), "run `make docs`"


def test_the_uids_are_those_of_the_guide_and_of_the_files():
    assert {uid: board["uid"] for uid, board in BOARDS.items()} == {uid: uid for uid in METRICS}


@pytest.mark.parametrize("uid", BOARDS)
def test_every_panel_has_a_title_a_description_a_unit_and_queries(uid):
    wrong = [
        panel
        for panel in panels(uid)
        if not panel["title"]
        or not panel["description"].endswith(".")
        or not set(units(panel)) <= UNITS
        or not panel["targets"]
        or any(target["datasource"]["uid"] != "${datasource}" for target in panel["targets"])
    ]
    assert wrong == []


@pytest.mark.parametrize("uid", BOARDS)
def test_the_ids_and_titles_of_panels_are_unique(uid):
    ids = [panel["id"] for panel in BOARDS[uid]["panels"]]
    titles = [panel["title"] for panel in panels(uid)]
    assert ids == list(range(1, len(ids) + 1))
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("uid", BOARDS)
def test_no_panel_overlaps_another_or_leaves_the_grid(uid):
    taken = set()
    for panel in BOARDS[uid]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


@pytest.mark.parametrize("uid", BOARDS)
def test_every_variable_is_used_and_every_used_variable_is_defined(uid):
    text = json.dumps(BOARDS[uid])
    defined = {variable["name"] for variable in BOARDS[uid]["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z_]+)\b", text))
    assert used == defined


def test_billed_or_effective_cost_is_chosen_by_a_variable():
    [variable] = [v for v in BOARDS["finops-cloud-cost"]["templating"]["list"] if v["name"] == "cost"]
    assert variable["query"] == "Billed : usd,Effective : effective_usd"
    assert variable["current"]["value"] == "usd"


def test_every_cost_panel_shows_until_when_it_has_data():
    undated = [
        name(panel)
        for panel in panels("finops-cloud-cost")
        for target in panel["targets"]
        if re.search(
            r"aws_cost_(monthly|daily|forecast|team|final|untagged|per|effective|growth)", target["expr"]
        )
        and not panel["title"].endswith("data until $data_until")
    ]
    assert undated == []


@pytest.mark.parametrize("uid", BOARDS)
def test_every_metric_of_the_guide_has_a_panel(uid):
    assert set(METRICS[uid]) - {name(panel) for panel in panels(uid)} == set()


@pytest.mark.parametrize("uid", BOARDS)
def test_the_queries_of_the_guide_are_there_as_printed(uid):
    assert set(QUERIES[uid]) - set(queries(uid)) == set()


@pytest.mark.parametrize("query", REPLACED)
def test_a_panel_explains_which_query_of_the_guide_it_replaces(query):
    [panel] = [panel for panel in panels("finops-ai-budget") if query in panel["description"]]
    assert query not in {target["expr"] for target in panel["targets"]}


@pytest.mark.parametrize("uid", BOARDS)
def test_a_dashboard_links_to_the_runbook_the_review_and_the_other_dashboard(uid):
    urls = {link["url"] for link in BOARDS[uid]["links"]}
    [other] = BOARDS.keys() - {uid}
    assert {"${docs_url}/runbook.md", "${reviews_url}", f"/d/{other}"} <= urls
    pages = [url.removeprefix("${docs_url}/") for url in urls if url.startswith("${docs_url}")]
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []


def test_the_dashboards_use_only_metrics_that_are_documented():
    documented = "".join(
        (ROOT / "docs" / page).read_text() for page in ("cost-data.md", "ai-budget-operations.md")
    )
    used = {
        metric.removesuffix("_bucket").removesuffix("_count")
        for uid in BOARDS
        for query in queries(uid)
        for metric in re.findall(r"\b(?<!:)(?:aws|ai)_\w+\b(?!:)", query)
    }
    assert "aws_cost_monthly_usd" in used
    assert {metric for metric in used if f"`{metric}" not in documented} == set()
