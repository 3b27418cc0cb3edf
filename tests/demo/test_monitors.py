"""The configuration of the demo's monitors is valid and has the project's rules, routes and dashboards."""

import yaml

from demo import monitors
from tests.monitoring.rules import ALERTS, RULE_FILES, rules_of, run


def test_alertmanager_has_the_routes_of_the_project_and_sends_no_mail(tmp_path):
    path = tmp_path / "alertmanager.yaml"
    monitors.write_alertmanager_config(path, "http://127.0.0.1:3013")
    run("amtool", "prometheus-alertmanager", "check-config", path)
    config = yaml.safe_load(path.read_text())
    assert {tuple(receiver) for receiver in config["receivers"]} == {("name", "webhook_configs")}
    test = ["config", "routes", "test", f"--config.file={path}"]
    routes = run("amtool", "prometheus-alertmanager", *test, "category=finops", "severity=critical")
    assert routes.strip() == "finops-pager,finops-critical-email,finops-lead,finops-executives"


def test_prometheus_has_every_rule_and_alerts_fire_at_once(tmp_path):
    path = tmp_path / "prometheus.yaml"
    monitors.write_prometheus_config(path, {"ai-budget": ("127.0.0.1:3010", "/metrics")}, "127.0.0.1:9093")
    run("promtool", "prometheus", "check", "config", path)
    rules = [rule for file in RULE_FILES for rule in rules_of(tmp_path / file.name)]
    assert {rule["alert"] for rule in rules if "alert" in rule} == set(ALERTS)
    assert [rule for rule in rules if "for" in rule] == []


def test_grafana_is_started_if_it_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert monitors.grafana() is None
    program = tmp_path / "bin" / "grafana"
    program.parent.mkdir()
    program.touch(mode=0o755)
    assert monitors.grafana() == [str(program), "server", "--homepath=/usr/share/grafana"]
    (tmp_path / "public").mkdir()
    assert monitors.grafana() == [str(program), "server", f"--homepath={tmp_path}"]


def test_grafana_reads_the_dashboards_and_this_prometheus(tmp_path):
    environment = monitors.grafana_environment(tmp_path, "http://127.0.0.1:9090", 3000)
    folder = tmp_path / "provisioning"
    assert environment["GF_PATHS_PROVISIONING"] == str(folder)
    [source] = yaml.safe_load((folder / "datasources" / "demo.yaml").read_text())["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://127.0.0.1:9090")
    [provider] = yaml.safe_load((folder / "dashboards" / "demo.yaml").read_text())["providers"]
    assert provider["options"]["path"] == str(monitors.MONITORING / "dashboards")
