"""From a metric to a notification, on a real Prometheus and Alertmanager."""

import json
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from tests.monitoring.rules import ALERTMANAGER, RULE_FILES, executable, load

BUDGET_EXCEEDED = """\
aws_cost_monthly_usd{month="current",region="us-east-1",service="Amazon EKS"} 101000
aws_budget_monthly_limit_usd{budget="cloud-total"} 100000
aws_cost_forecast_usd 150000
"""
TENANT_EXCEEDED = """\
ai_budget_utilization_percent{tenant_id="acme",model="claude-sonnet-4-5"} 100
ai_budget_hard_limit_reached{tenant_id="acme",model="claude-sonnet-4-5"} 1
"""
WAITS = {"finops-lead": "15s", "finops-executives": "30s"}
TIMEOUT_SECONDS = 120


class Endpoint(BaseHTTPRequestHandler):
    """The scraped page, and the webhook of every receiver at /<receiver>."""

    def do_GET(self):
        body = self.server.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.arrived:
            self.server.messages.append((self.path.lstrip("/"), message))
            self.server.arrived.notify_all()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        """Logs no request."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, page):
        super().__init__(("127.0.0.1", 0), Endpoint)
        self.page = page
        self.messages = []
        self.arrived = threading.Condition()
        self.address = f"127.0.0.1:{self.server_port}"

    def alerts(self, receiver, name, status="firing"):
        """The alerts of a name that a receiver was notified of, each notification with its own."""
        return [
            alert
            for path, message in list(self.messages)
            for alert in message["alerts"]
            if path == receiver and alert["labels"]["alertname"] == name and alert["status"] == status
        ]

    def wait_for(self, receiver, name, status="firing"):
        with self.arrived:
            arrived = self.arrived.wait_for(lambda: self.alerts(receiver, name, status), TIMEOUT_SECONDS)
        assert arrived, f"{receiver}: no {status} {name}; notifications: {self.messages}"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def process(log, *command):
    with log.open("w") as output:
        running = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(30)


def wait_until_listening(port, log):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def short_alertmanager_config(address):
    """The routes as they are, with webhooks as receivers and seconds instead of minutes."""
    config = load(ALERTMANAGER)
    config["global"] = {}
    config["route"] |= {"group_wait": "4s", "group_interval": "2s"}
    for route in config["route"]["routes"]:
        if route["receiver"] in WAITS:
            route["group_wait"] = WAITS[route["receiver"]]
    config["receivers"] = [
        {"name": receiver["name"], "webhook_configs": [{"url": f"http://{address}/{receiver['name']}"}]}
        for receiver in config["receivers"]
    ]
    return config


def static(address):
    return [{"static_configs": [{"targets": [address]}]}]


def prometheus_config(folder, scraped, alertmanager_port):
    """The rules as they are, without the time for which a condition must hold."""
    for path in RULE_FILES:
        rules = load(path)
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            rule.pop("for", None)
            rule.pop("keep_firing_for", None)
        (folder / path.name).write_text(yaml.safe_dump(rules))
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [path.name for path in RULE_FILES],
        "alerting": {"alertmanagers": static(f"127.0.0.1:{alertmanager_port}")},
        "scrape_configs": [{"job_name": "finops", **static(scraped)[0]}],
    }


@pytest.fixture
def server(tmp_path):
    """The endpoint, with an Alertmanager and two Prometheus servers that scrape it and evaluate the rules."""
    with ExitStack() as stack, Server(BUDGET_EXCEEDED + TENANT_EXCEEDED) as endpoint:
        stack.callback(endpoint.shutdown)
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        alertmanager_port, log = free_port(), tmp_path / "alertmanager.log"
        config = tmp_path / "alertmanager.yaml"
        config.write_text(yaml.safe_dump(short_alertmanager_config(endpoint.address)))
        stack.enter_context(
            process(
                log,
                executable("prometheus-alertmanager", "prometheus-alertmanager"),
                f"--config.file={config}",
                f"--storage.path={tmp_path / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{alertmanager_port}",
                "--cluster.listen-address=",
            )
        )
        wait_until_listening(alertmanager_port, log)
        for name in ("prometheus-a", "prometheus-b"):
            folder, port = tmp_path / name, free_port()
            folder.mkdir()
            config = folder / "prometheus.yml"
            config.write_text(yaml.safe_dump(prometheus_config(folder, endpoint.address, alertmanager_port)))
            stack.enter_context(
                process(
                    folder / "log",
                    executable("prometheus", "prometheus"),
                    f"--config.file={config}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                )
            )
            wait_until_listening(port, folder / "log")
        yield endpoint


def test_an_exceeded_budget_pages_once_and_escalates_until_it_is_resolved(server):
    server.wait_for("finops-pager", "BudgetExceededCritical")
    server.wait_for("finops-pager", "AIBudgetExceeded")
    server.page = BUDGET_EXCEEDED
    server.wait_for("finops-pager", "AIBudgetExceeded", "resolved")
    server.wait_for("finops-executives", "BudgetExceededCritical")

    notified = {path: server.alerts(path, "BudgetExceededCritical") for path, _ in server.messages}
    receivers = {"finops-pager", "finops-critical-email", "finops-lead", "finops-executives"}
    # Two Prometheus servers send the alert, and every receiver gets it once.
    assert {path: len(alerts) for path, alerts in notified.items() if alerts} == dict.fromkeys(receivers, 1)
    order = [
        path
        for path, message in server.messages
        if message["groupLabels"]["alertname"] == "BudgetExceededCritical"
    ]
    assert order.index("finops-pager") < order.index("finops-lead") < order.index("finops-executives")

    [alert] = server.alerts("finops-pager", "BudgetExceededCritical")
    assert alert["labels"] == {
        "alertname": "BudgetExceededCritical",
        "category": "finops",
        "severity": "critical",
        "escalation": "cfo-cto",
    }
    assert "The limit is $100000. $101000 is spent." in alert["annotations"]["description"]
    assert alert["annotations"]["runbook_url"] == "docs/runbook.md#budgetexceededcritical"

    assert server.alerts("finops-lead", "AIBudgetExceeded") == [], "it was resolved before the lead's turn"
    assert server.alerts("finops-executives", "AIBudgetExceeded") == []
    for inhibited in ("BudgetExceeded80Percent", "CloudForecastAboveBudget"):
        assert server.alerts("finops-email", inhibited) == []

    server.page = BUDGET_EXCEEDED.replace("101000", "50000")
    for receiver in receivers:
        server.wait_for(receiver, "BudgetExceededCritical", "resolved")
    server.wait_for("finops-email", "CloudForecastAboveBudget")
