"""What is deployed of monitoring/: every rule, route, dashboard and scrape target, in both modes."""

import asyncio
import json

import pulumi
import pytest
import yaml
from pulumi import runtime

from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.settings import parse
from tests.components.monitoring.custom_resources import errors
from tests.components.recorded import Recorder, Stack, record
from tests.components.stack_config import ROOT, STACKS, config
from tests.monitoring.rules import MONITORING, RULE_FILES, load

OF_COSTS = {"cloud-cost", "cost-data"}


def deployed(stack, changes=None, directory=MONITORING):
    """The objects of the component with other settings, by their name."""
    recorder = Recorder()
    asyncio.set_event_loop(asyncio.new_event_loop())
    runtime.set_mocks(recorder, project="teei-finops", stack=stack)

    @runtime.test
    def run():
        settings = parse(config(stack, changes))
        Monitoring("monitoring", MonitoringArgs(settings, pulumi.Output.from_input("lb.internal"), directory))

    run()
    resources = Stack(tuple(recorder.resources)).kubernetes()
    return {item.inputs["metadata"]["name"]: item.inputs for item in resources}


def objects(stack, kind):
    resources = record(stack).part("monitoring").kubernetes()
    return {item.inputs["metadata"]["name"]: item.inputs for item in resources if item.inputs["kind"] == kind}


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_of_the_operator_is_valid_by_its_definition(stack):
    custom = [
        item.inputs
        for item in record(stack).part("monitoring").kubernetes()
        if item.inputs["apiVersion"].startswith("monitoring.coreos.com/")
    ]
    assert {item["kind"] for item in custom} == {"PrometheusRule", "AlertmanagerConfig", "ScrapeConfig"}
    for item in custom:
        assert errors(item) == [], item["metadata"]["name"]
        assert item["metadata"]["labels"]["release"] == "kube-prometheus-stack"


@pytest.mark.parametrize("stack", STACKS)
def test_every_rule_file_is_deployed_where_its_metrics_are(stack):
    rules = objects(stack, "PrometheusRule")
    expected = {path.stem for path in RULE_FILES} - (set() if stack == "prod" else OF_COSTS)
    assert rules.keys() == {f"finops-rules-{name}" for name in expected}
    for name in expected:
        groups = rules[f"finops-rules-{name}"]["spec"]["groups"]
        original = load(MONITORING / f"rules/{name}.yaml")["groups"]
        assert without_links(groups) == without_links(original)


def without_links(groups):
    rules = [rule for group in groups for rule in group["rules"]]
    names = [group["name"] for group in groups]
    links = ("runbook_url", "dashboard_url")
    return names, [
        {**rule, "annotations": {k: v for k, v in rule.get("annotations", {}).items() if k not in links}}
        for rule in rules
    ]


def test_the_rules_of_the_costs_are_those_that_would_fire_without_the_exporter():
    """An alert on the absence of a metric must not be where nothing serves it."""
    absent = {path.stem for path in RULE_FILES if "absent(aws_" in path.read_text()}
    assert absent <= OF_COSTS
    assert absent


def test_the_links_of_an_alert_lead_to_the_runbook_and_the_dashboard():
    groups = objects("prod", "PrometheusRule")["finops-rules-cost-data"]["spec"]["groups"]
    annotations = groups[0]["rules"][0]["annotations"]
    runbook = "https://github.com/teei/finops/blob/main/docs/runbook.md#costexporterdown"
    assert annotations["runbook_url"] == runbook
    assert annotations["dashboard_url"] == "https://grafana.teei.io/d/finops-cloud-cost"


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_scrapes_the_service_with_a_token_over_https_and_the_costs_where_they_are_served(stack):
    targets = objects(stack, "ScrapeConfig")
    host = parse(config(stack)).ai_budget_service.https.host
    service = targets["finops-scrape-ai-budget"]["spec"]
    assert service["staticConfigs"] == [{"targets": [f"{host}:443"]}]
    assert (service["scheme"], service["metricsPath"]) == ("HTTPS", "/metrics")
    assert service["authorization"] == {
        "type": "Bearer",
        "credentials": {"name": "ai-budget-prometheus", "key": "token"},
    }
    assert ("finops-scrape-cost-data" in targets) == (stack == "prod")
    if stack == "prod":
        costs = targets["finops-scrape-cost-data"]["spec"]
        (rule,) = {
            json.dumps(item.inputs["conditions"]) for item in record(stack).of("lb/listenerRule:ListenerRule")
        }
        assert costs["metricsPath"] in rule
        assert "authorization" not in costs


def test_without_a_certificate_the_service_is_scraped_by_its_name_and_the_costs_at_the_load_balancer():
    changes = {"environment": "staging", "ai_budget_service.https": None}
    targets = deployed("prod", changes)
    service = targets["finops-scrape-ai-budget"]["spec"]
    assert (service["scheme"], service["staticConfigs"][0]["targets"]) == (
        "HTTP",
        ["ai-budget.teei.svc.cluster.local:3010"],
    )
    costs = targets["finops-scrape-cost-data"]["spec"]
    assert costs["staticConfigs"][0]["targets"] == ["lb.internal:3010"]
    assert errors(targets["finops-scrape-cost-data"]) == []


def test_as_config_maps_prometheus_and_alertmanager_get_the_same_files():
    maps = deployed("prod", {"monitoring.mode": "configmaps"})
    assert all(item["kind"] == "ConfigMap" for item in maps.values())
    rules = maps["finops-rules"]["data"]
    operator = objects("prod", "PrometheusRule")
    assert {f"finops-rules-{name.removesuffix('.yaml')}" for name in rules} == operator.keys()
    for name, text in rules.items():
        groups = operator[f"finops-rules-{name.removesuffix('.yaml')}"]["spec"]["groups"]
        assert yaml.safe_load(text)["groups"] == groups
    scrape = yaml.safe_load(maps["finops-scrape-configs"]["data"]["finops.yaml"])["scrape_configs"]
    assert [item["job_name"] for item in scrape] == ["ai-budget", "cost-data"]
    assert scrape[0]["authorization"] == {
        "credentials_file": "/etc/prometheus/secrets/ai-budget-prometheus/token"
    }
    assert "route" in yaml.safe_load(maps["finops-alertmanager"]["data"]["alertmanager.yaml"])


@pytest.mark.parametrize("mode", ["operator", "configmaps"])
def test_every_dashboard_is_a_config_map_that_grafana_finds(mode, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "alertmanager.yaml").write_text((MONITORING / "alertmanager.yaml").read_text())
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/finops-cloud-cost.json").write_text('{"uid": "finops-cloud-cost"}')
    item = deployed("staging", {"monitoring.mode": mode}, tmp_path)["finops-dashboard-finops-cloud-cost"]
    assert item["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert item["data"] == {"finops-cloud-cost.json": '{"uid": "finops-cloud-cost"}'}


def test_the_dashboards_of_the_repository_fit_into_a_config_map():
    sizes = [path.stat().st_size for path in (ROOT / "monitoring").glob("dashboards/*.json")]
    assert all(size < 1024**2 for size in sizes)
    maps = {name for name in objects("prod", "ConfigMap") if name.startswith("finops-dashboard-")}
    assert len(maps) == len(sizes)


def test_no_secret_is_in_an_object():
    receivers = objects("prod", "AlertmanagerConfig")["finops-routes"]["spec"]["receivers"]
    pagers = [item for receiver in receivers for item in receiver.get("pagerdutyConfigs", ())]
    emails = [item for receiver in receivers for item in receiver.get("emailConfigs", ())]
    assert [item["routingKey"] for item in pagers] == [{"name": "finops-pagerduty", "key": "routing-key"}]
    assert {json.dumps(item["authPassword"], sort_keys=True) for item in emails} == {
        '{"key": "password", "name": "finops-smtp"}'
    }
