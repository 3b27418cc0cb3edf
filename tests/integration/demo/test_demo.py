"""`python -m demo` on real servers: every query has a value, the page shows it, Ctrl-C stops all."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from demo.notifications import notification_line
from tests.integration.chromium import browser, watched_page
from tests.monitoring.rules import MONITORING, ROOT

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.timeout(900)]
START_SECONDS = 600
BOARDS = {
    path.stem: json.loads(path.read_text()) for path in sorted((MONITORING / "dashboards").glob("*.json"))
}
PANELS = [panel for board in BOARDS.values() for panel in board["panels"] if panel["type"] != "row"]
SIZES = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}


class Demo:
    """A running demo in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "demo.txt"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, text):
        deadline = time.monotonic() + START_SECONDS
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def address(self, name):
        [line] = [line for line in self.log.read_text().splitlines() if line.startswith(f"{name}:")]
        return line.split()[-1]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def processes(self):
        """The processes that have something to do with the folder."""
        return [
            process.info["cmdline"]
            for process in psutil.process_iter(["cmdline", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and str(self.folder) in " ".join(process.info["cmdline"] or ())
        ]


@contextmanager
def running_demo():
    # PostgreSQL, which does not run as root, cannot enter the directories that pytest makes for root.
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        demo = Demo(folder)
        try:
            yield demo
        finally:
            demo.interrupt()


@pytest.fixture(scope="module")
def demo():
    with running_demo() as demo:
        demo.wait_for("Ctrl-C stops the demo")
        yield demo


@pytest.fixture(scope="module")
def prometheus(demo):
    with httpx.Client(base_url=demo.address("Prometheus").removesuffix("/alerts"), timeout=60) as client:
        yield client


def values(prometheus, expr):
    """The values of a query now."""
    response = prometheus.post("/api/v1/query", data={"query": expr})
    assert response.status_code == 200, (expr, response.text)
    return [float(series["value"][1]) for series in response.json()["data"]["result"]]


@pytest.mark.parametrize("cost", ["usd", "effective_usd"])
def test_every_query_of_both_dashboards_returns_a_value(prometheus, cost):
    exprs = {target["expr"].replace("$cost", cost) for panel in PANELS for target in panel["targets"]}
    without = [expr for expr in sorted(exprs) if not values(prometheus, expr)]
    assert without == []


def test_every_query_over_time_has_a_week_of_values(prometheus):
    end = time.time()
    short = {}
    for panel in PANELS:
        for target in panel["targets"]:
            if not target.get("range"):
                continue
            data = {
                "query": target["expr"].replace("$cost", "usd"),
                "start": end - 7 * 86_400,
                "end": end,
                "step": 3600,
            }
            result = prometheus.post("/api/v1/query_range", data=data).json()["data"]["result"]
            points = max((len(series["values"]) for series in result), default=0)
            if points < 160:
                short[panel["title"], target["expr"]] = points
    assert short == {}


def test_what_is_shown_adds_up(prometheus):
    [spend] = values(prometheus, 'sum(aws_cost_monthly_usd{month="current"})')
    [by_team] = values(prometheus, 'sum(aws_cost_team_monthly_usd{month="current"})')
    [days] = values(prometheus, "count(count by (day) (aws_cost_daily_history_usd))")
    [months] = values(prometheus, 'count(count by (month) (aws_cost_monthly_usd{month!="current"}))')
    assert by_team == pytest.approx(spend)
    assert (days, months) == (35, 13)
    [month] = values(prometheus, "finops:ai_spend_month:usd")
    [budgets] = values(prometheus, 'sum(ai_budget_spent_usd{model!="*"})')
    assert month == pytest.approx(budgets, rel=0.01)


def test_the_alert_of_an_exhausted_ai_budget_reaches_the_pager(demo):
    alert = {"status": "firing", "labels": {"alertname": "AIBudgetExceeded"}}
    summary = {"annotations": {"summary": "AI calls of tenant tenant-trial"}}
    demo.wait_for(notification_line("finops-pager", alert | summary))  # other receivers may be first
    lines = [line for line in demo.log.read_text().splitlines() if "AIBudgetExceeded:" in line]
    assert any(line.split()[:2] == ["finops-pager", "firing"] for line in lines)


@pytest.fixture(params=SIZES)
def page(request, demo, browser):
    context = browser.new_context(**SIZES[request.param])
    page = watched_page(context)
    page.goto(demo.address("Dashboards"))
    page.scheme = SIZES[request.param]["color_scheme"]
    yield page
    context.close()


def luminance(colour):
    red, green, blue = (int(part) for part in colour.strip("rgb()").split(","))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_page_shows_every_panel_without_an_error_or_a_horizontal_scroll_bar(page):
    assert page.problems == []
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = {title.split(" · ")[0] for title in page.locator(".panel h4").all_inner_texts()}
    assert shown == {panel["title"].split(" · ")[0] for panel in PANELS}
    assert page.locator(".panel").count() == len(PANELS)
    assert page.locator(".none").all_inner_texts() == []
    assert "$data_until" not in page.content()
    background, text = (
        luminance(page.evaluate(f"getComputedStyle(document.body).{name}"))
        for name in ("backgroundColor", "color")
    )
    assert (background < text) is (page.scheme == "dark")
    assert abs(background - text) > 150


def test_every_chart_of_the_page_has_a_visible_drawing(page):
    drawn = page.evaluate(
        """() => [...document.querySelectorAll(".panel svg")].map(svg => [
            svg.closest(".panel").querySelector("h4").innerText,
            svg.getBoundingClientRect().height >= 200 &&
            [...svg.querySelectorAll("path:not(.gridline)")].some(path => {
                const box = path.getBoundingClientRect();
                return box.width > 1 && box.height > 1;
            })])"""
    )
    charts = [panel for panel in PANELS if panel["type"] in ("barchart", "timeseries")]
    assert len(drawn) == len(charts)
    assert [title for title, visible in drawn if not visible] == []


def test_every_link_of_the_page_leads_somewhere(demo):
    file = demo.folder / "build" / "demo" / "index.html"
    addresses = set(re.findall(r'<a href="([^"]+)"', file.read_text()))
    assert {"#finops-cloud-cost", "#finops-ai-budget"} <= addresses
    for address in addresses:
        if address.startswith("#"):
            assert f'id="{address[1:]}"' in file.read_text()
        else:
            assert (file.parent / address).is_file(), address


def test_a_second_demo_is_refused(demo):
    second = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=demo.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 2
    assert second.stderr == f"demo: another demo uses {demo.folder / 'build' / 'demo'}; stop it first\n"


def test_without_prometheus_the_demo_says_how_to_install_it(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr == (
        "demo: prometheus is not on the PATH; install it (on Debian: apt-get install prometheus "
        "prometheus-alertmanager)\n"
    )


def test_ctrl_c_stops_a_demo_that_is_starting():
    with running_demo() as demo:
        demo.wait_for("Making 13 months of bills")
        time.sleep(1)
        assert demo.processes()
        assert demo.interrupt() == 0
        assert demo.processes() == []


def test_ctrl_c_stops_everything(demo):
    assert demo.processes()
    assert demo.interrupt() == 0
    assert demo.processes() == []
    assert demo.log.read_text().endswith("stopped\n")
