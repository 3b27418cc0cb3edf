"""Every alert reaches the receivers of its severity, and no secret is in the configuration."""

import pytest

from tests.monitoring.rules import ALERTMANAGER, ALERTS, load, run

RECEIVERS = {
    "critical": ["finops-pager", "finops-critical-email", "finops-lead", "finops-executives"],
    "warning": ["finops-email"],
    "info": ["finops-digest"],
}
SECRETS = {"routing_key", "service_key", "auth_password", "smtp_auth_password", "api_url", "password"}


def amtool(*arguments):
    return run("amtool", "prometheus-alertmanager", *arguments)


@pytest.fixture(scope="module")
def config():
    return load(ALERTMANAGER)


def test_the_configuration_is_valid():
    amtool("check-config", ALERTMANAGER)


def test_every_alert_is_routed_by_its_severity():
    receivers = {}
    for name, alert in ALERTS.items():
        labels = [f"{key}={value}" for key, value in {"alertname": name, **alert["labels"]}.items()]
        output = amtool("config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
        receivers[name] = output.strip().split(",")
    assert receivers == {name: RECEIVERS[alert["labels"]["severity"]] for name, alert in ALERTS.items()}


def test_the_routes_of_the_guide_are_there(config):
    route = config["route"]
    assert route["group_by"] == ["alertname", "category"]
    pager, email = (
        next(child for child in route["routes"] if child["receiver"] == name)
        for name in ("finops-pager", "finops-email")
    )
    assert pager["matchers"] == ["category = finops", "severity = critical"]
    assert pager["continue"] is True
    assert email["matchers"] == ["category = finops", "severity = warning"]


def test_the_lead_is_notified_after_30_minutes_and_the_executives_after_an_hour(config):
    escalations = {
        child["receiver"]: (child["group_wait"], child["group_by"])
        for child in config["route"]["routes"]
        if child["receiver"] in {"finops-lead", "finops-executives"}
    }
    assert escalations == {"finops-lead": ("30m", ["..."]), "finops-executives": ("1h", ["..."])}


def test_info_alerts_are_one_email_a_week(config):
    digest = next(child for child in config["route"]["routes"] if child["receiver"] == "finops-digest")
    [interval] = config["time_intervals"]
    assert digest["active_time_intervals"] == [interval["name"]]
    assert digest["group_by"] == ["category"]
    assert digest["group_interval"] == "1h"
    assert interval["time_intervals"] == [
        {"weekdays": ["monday"], "times": [{"start_time": "08:00", "end_time": "09:00"}]}
    ]


def test_an_alert_at_the_limit_inhibits_the_warning_before_it(config):
    sources = {rule["source_matchers"][0]: rule for rule in config["inhibit_rules"]}
    assert set(sources) == {"alertname = BudgetExceededCritical", "alertname = AIBudgetExceeded"}
    assert sources["alertname = AIBudgetExceeded"]["equal"] == ["tenant_id", "model"]


def test_secrets_are_read_from_files(config):
    def keys(value):
        if isinstance(value, dict):
            for key, child in value.items():
                yield key
                yield from keys(child)
        elif isinstance(value, list):
            for child in value:
                yield from keys(child)

    used = set(keys(config))
    assert {"routing_key_file", "smtp_auth_password_file"} <= used
    assert used & SECRETS == set()
