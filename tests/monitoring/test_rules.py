"""Every rule is valid, is tested silent and firing, and leads to the runbook and a dashboard."""

import re

import pytest

from tests.monitoring.rules import ALERTS, MONITORING, ROOT, RULE_FILES, RULES, load, rules_of, run

# The guide, Alert Matrix: severity and escalation.
ALERT_MATRIX = {
    "BudgetExceeded80Percent": ("warning", "engineering-lead"),
    "BudgetExceededCritical": ("critical", "cfo-cto"),
    "AIBudgetWarning": ("warning", "tenant-admin"),
    "AIBudgetExceeded": ("critical", "account-manager"),
    "TotalAISpendHigh": ("warning", "engineering-lead"),
    "CloudCostSpike": ("warning", "finops"),
    "S3BucketLarge": ("info", "devops"),
    "OverprovisionedPod": ("info", "devops"),
}
DASHBOARDS = {"/d/finops-cloud-cost", "/d/finops-ai-budget"}


def promtool(*arguments):
    return run("promtool", "prometheus", *arguments)


def seconds(duration):
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhd])", duration))


def alert_tests(path):
    """The alert tests of one promtool file: test name, alert, seconds, expected alerts."""
    for test in load(path)["tests"]:
        for entry in test.get("alert_rule_test", ()):
            yield test["name"], entry["alertname"], seconds(entry["eval_time"]), entry["exp_alerts"]


def headings(path):
    """The anchors of a Markdown file, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_rules_are_valid():
    promtool("check", "rules", *RULE_FILES)


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_the_promtool_tests_of_a_file_pass(path):
    promtool("test", "rules", MONITORING / "tests" / path.name)


def test_the_alerts_of_the_guide_have_its_severities_and_escalations():
    labels = {name: ALERTS[name]["labels"] for name in ALERT_MATRIX}
    assert {name: (label["severity"], label["escalation"]) for name, label in labels.items()} == ALERT_MATRIX


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_every_alert_is_tested_silent_and_then_firing(path):
    alerts = {rule["alert"] for rule in rules_of(path) if "alert" in rule}
    tests = list(alert_tests(MONITORING / "tests" / path.name)) if alerts else []
    tested = {
        alert
        for name, alert, time, expected in tests
        if expected and any(t == name and a == alert and s < time and not e for t, a, s, e in tests)
    }
    assert alerts - tested == set()


def test_every_recording_rule_is_tested_with_a_value():
    expressions = "\n".join(
        entry["expr"]
        for test in load(MONITORING / "tests" / "recording.yaml")["tests"]
        for entry in test["promql_expr_test"]
        if entry["exp_samples"]
    )
    assert [r["record"] for r in RULES if "record" in r and r["record"] not in expressions] == []


def test_no_two_rules_have_the_same_name():
    names = [rule.get("alert") or rule["record"] for rule in RULES]
    assert len(names) == len(set(names))


def test_every_alert_has_the_labels_that_the_routes_use():
    wrong = {
        name
        for name, alert in ALERTS.items()
        if alert["labels"]["category"] != "finops"
        or alert["labels"]["severity"] not in {"critical", "warning", "info"}
        or not alert["labels"]["escalation"]
        or not seconds(alert["for"])
    }
    assert wrong == set()


def test_every_alert_has_a_section_in_the_runbook():
    anchors = headings(ROOT / "docs" / "runbook.md")
    links = {name: alert["annotations"]["runbook_url"] for name, alert in ALERTS.items()}
    assert links == {name: f"docs/runbook.md#{name.lower()}" for name in ALERTS}
    assert {name for name in ALERTS if name.lower() not in anchors} == set()


def test_every_alert_links_to_a_dashboard():
    assert {alert["annotations"]["dashboard_url"] for alert in ALERTS.values()} == DASHBOARDS


def test_every_alert_shows_a_figure_or_a_name():
    texts = {name: "".join(alert["annotations"].values()) for name, alert in ALERTS.items()}
    assert {name for name, text in texts.items() if "{{" not in text} == {"CostExporterDown"}


def test_the_rules_use_only_metrics_that_the_exporters_have():
    documented = "".join(
        (ROOT / "docs" / page).read_text() for page in ("cost-data.md", "ai-budget-operations.md")
    )
    used = {name for rule in RULES for name in re.findall(r"\b(?<!:)(?:aws|ai)_\w+\b(?!:)", rule["expr"])}
    assert "aws_cost_monthly_usd" in used
    assert {name for name in used if f"`{name}" not in documented} == set()
