"""The routes of monitoring/alertmanager.yaml reach the cluster with the addresses of the settings."""

import re
from copy import deepcopy

import pytest
import yaml

from components.monitoring import alertmanager
from components.settings.monitoring import Monitoring, Receivers, SecretKey, Smtp
from tests.components.monitoring.custom_resources import errors
from tests.monitoring.rules import ALERTMANAGER, ALERTS, load, run

SETTINGS = Monitoring(
    receivers=Receivers(finops="costs@example.com", oncall="oncall@example.com", cfo="finops@teei.io"),
    smtp=Smtp(smarthost="mail.example.com:25", sender="alerts@example.com"),
    pagerduty_routing_key=SecretKey(secret="pager", key="token"),
)


@pytest.fixture(scope="module")
def configured():
    return alertmanager.configured(load(ALERTMANAGER), SETTINGS)


def manifest(config):
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "AlertmanagerConfig",
        "spec": alertmanager.custom_resource_spec(config),
    }


def test_with_the_default_settings_only_the_files_of_the_secrets_differ():
    config, original = alertmanager.configured(load(ALERTMANAGER), Monitoring()), load(ALERTMANAGER)
    assert config["global"].pop("smtp_auth_password_file") == "/etc/alertmanager/secrets/finops-smtp/password"
    del original["global"]["smtp_auth_password_file"]
    pagers = [item["receivers"][0]["pagerduty_configs"][0] for item in (config, original)]
    assert pagers[0].pop("routing_key_file") == "/etc/alertmanager/secrets/finops-pagerduty/routing-key"
    del pagers[1]["routing_key_file"]
    assert config == original


def test_every_address_of_the_file_is_one_of_the_settings():
    addresses = set(re.findall(r"[\w.-]+@[\w.-]+", ALERTMANAGER.read_text()))
    assert addresses == set(Receivers().model_dump().values())


def test_every_address_is_replaced_once(configured):
    recipients = {
        receiver["name"]: [item["to"] for item in receiver["email_configs"]]
        for receiver in configured["receivers"]
        if "email_configs" in receiver
    }
    assert recipients["finops-digest"] == ["costs@example.com, oncall@example.com"]
    assert recipients["finops-email"][0].endswith("costs@example.com")
    assert "finops@teei.io, cto@teei.io" in recipients["finops-critical-email"][0]  # the cfo of the settings


def test_the_configuration_of_the_settings_is_valid(configured, tmp_path):
    file = tmp_path / "alertmanager.yaml"
    file.write_text(yaml.safe_dump(configured, sort_keys=False))
    run("amtool", "prometheus-alertmanager", "check-config", file)
    assert configured["global"]["smtp_smarthost"] == "mail.example.com:25"


def test_the_object_is_valid_by_the_definition_of_the_operator(configured):
    assert errors(manifest(configured)) == []


@pytest.mark.parametrize(
    "break_spec",
    [
        lambda spec: spec["route"].update(group_by=["alertname"]),
        lambda spec: spec["route"]["routes"][0].update(matchers=["severity = critical"]),
        lambda spec: spec["receivers"][1]["emailConfigs"][0].update(headers={"subject": "x"}),
        lambda spec: spec["receivers"][0]["pagerdutyConfigs"][0].update(routingKey="secret"),
        lambda spec: spec.update(timeIntervals=[]),
    ],
)
def test_the_check_by_the_definition_finds_a_field_that_was_not_converted(configured, break_spec):
    broken = manifest(configured)
    break_spec(broken["spec"])
    assert errors(broken)


def restored(spec):
    """The configuration that an AlertmanagerConfig stands for, as the operator generates it."""

    def snake_case(value):
        if isinstance(value, dict):
            return {
                re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", key): snake_case(item)
                for key, item in value.items()
            }
        return [snake_case(item) for item in value] if isinstance(value, list) else value

    def matchers(objects):
        return [f'{item["name"]} {item["matchType"]} "{item["value"]}"' for item in objects]

    def route(converted):
        result = snake_case({k: v for k, v in converted.items() if k not in ("matchers", "routes")})
        if "matchers" in converted:
            result["matchers"] = matchers(converted["matchers"])
        if "routes" in converted:
            result["routes"] = [route(child) for child in converted["routes"]]
        return result

    def file(reference):
        return f"/etc/alertmanager/secrets/{reference['name']}/{reference['key']}"

    receivers, servers = [], []
    for receiver in deepcopy(spec["receivers"]):
        for item in receiver.get("pagerdutyConfigs", ()):
            item["routing_key_file"] = file(item.pop("routingKey"))
        for item in receiver.get("emailConfigs", ()):
            server = {
                "smtp_smarthost": item.pop("smarthost"),
                "smtp_from": item.pop("from"),
                "smtp_auth_username": item.pop("authUsername"),
                "smtp_auth_password_file": file(item.pop("authPassword")),
            }
            servers.append(server)
            if "headers" in item:
                item["headers"] = {pair["key"]: pair["value"] for pair in item["headers"]}
        receivers.append(snake_case(receiver))
    assert all(server == servers[0] for server in servers)
    return {
        "global": servers[0],
        "route": route(spec["route"]),
        "time_intervals": snake_case(spec["muteTimeIntervals"]),
        "inhibit_rules": [
            {
                "source_matchers": matchers(rule["sourceMatch"]),
                "target_matchers": matchers(rule["targetMatch"]),
                **({"equal": rule["equal"]} if "equal" in rule else {}),
            }
            for rule in spec["inhibitRules"]
        ],
        "receivers": receivers,
    }


def quoted(config):
    """The configuration with every matcher written in one way."""

    def matchers(texts):
        parts = [re.fullmatch(r'(\w+)\s*(=~|!~|!=|=)\s*"?(.*?)"?', text) for text in texts]
        return [f'{part[1]} {part[2]} "{part[3]}"' for part in parts if part]

    def walk(value):
        if isinstance(value, dict):
            return {k: matchers(v) if k.endswith("matchers") else walk(v) for k, v in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return walk(config)


def test_nothing_of_the_file_is_lost_in_the_object(configured):
    spec = alertmanager.custom_resource_spec(configured)
    assert spec["route"]["matchers"] == [{"name": "category", "matchType": "=", "value": "finops"}]
    root = restored(spec)
    del root["route"]["matchers"]  # Alertmanager allows none on a root route; the operator makes it a child
    assert root == quoted(configured)


def test_every_alert_reaches_the_same_receivers_by_the_object_and_no_other_alert_does(configured, tmp_path):
    ours = restored(alertmanager.custom_resource_spec(configured))
    cluster = {
        **ours,
        "route": {"receiver": "others", "routes": [{**ours["route"], "continue": True}]},
        "receivers": [{"name": "others"}, *ours["receivers"]],
    }
    (tmp_path / "cluster.yaml").write_text(yaml.safe_dump(cluster, sort_keys=False))
    (tmp_path / "file.yaml").write_text(yaml.safe_dump(configured, sort_keys=False))

    def receivers(file, labels):
        arguments = [f"{key}={value}" for key, value in labels.items()]
        path = f"--config.file={tmp_path / file}"
        return run("amtool", "prometheus-alertmanager", "config", "routes", "test", path, *arguments).strip()

    by_severity = {alert["labels"]["severity"]: alert["labels"] for alert in ALERTS.values()}
    assert len(by_severity) == 3
    for labels in by_severity.values():
        assert receivers("cluster.yaml", labels) == receivers("file.yaml", labels)
    assert receivers("cluster.yaml", {"alertname": "Watchdog", "severity": "critical"}) == "others"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: config.update(templates=["x"]), "the configuration has templates"),
        (lambda config: config["route"].update(match={}), "a route has match"),
        (lambda config: config["receivers"][0].update(slack_configs=[]), "a receiver has slack_configs"),
        (
            lambda config: config["inhibit_rules"][0].update(target_match={}),
            "an inhibition rule has target_match",
        ),
        (lambda config: config["route"].update(matchers=["severity"]), "'severity' is not a matcher"),
    ],
)
def test_what_the_conversion_does_not_know_is_an_error_and_not_left_out(configured, change, message):
    config = deepcopy(configured)
    change(config)
    with pytest.raises(alertmanager.ConversionError, match=message) as error:
        alertmanager.custom_resource_spec(config)
    assert "\n" not in str(error.value)
