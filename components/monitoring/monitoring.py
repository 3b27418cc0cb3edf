"""Deploys what monitoring/ holds: alert rules, routes, dashboards and scrape targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.monitoring import alertmanager
from components.monitoring.rules import rule_files
from components.monitoring.scrape_targets import scrape_targets
from components.settings import Settings

DIRECTORY = Path(__file__).parents[2] / "monitoring"
GRAFANA_LABEL = {"grafana_dashboard": "1"}  # what the sidecar of Grafana's Helm chart looks for


@dataclass(frozen=True)
class MonitoringArgs:
    """`load_balancer` is the host name of the load balancer that serves the metrics."""

    settings: Settings
    load_balancer: pulumi.Input[str]
    directory: Path = DIRECTORY


class Monitoring(pulumi.ComponentResource):
    """Objects of the Prometheus Operator, or ConfigMaps; dashboards are ConfigMaps in both cases.

    The Alertmanager object must have `alertmanagerConfigMatcherStrategy: {type: None}`: with the default the
    operator adds a matcher on the label `namespace`, which the alerts do not have
    (https://prometheus-operator.dev/docs/api-reference/api/, AlertmanagerConfigMatcherStrategy, 2026-11).
    """

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:monitoring:Monitoring", name, None, opts)
        self._name, self._settings = name, args.settings
        monitoring = args.settings.monitoring
        self._labels = args.settings.tags(monitoring.cost_allocation).as_labels()
        groups = rule_files(
            args.directory / "rules", monitoring, with_cost_data=args.settings.cost_data is not None
        )
        document = yaml.safe_load((args.directory / "alertmanager.yaml").read_text("utf-8"))
        routes = alertmanager.configured(document, monitoring)
        targets = scrape_targets(args.settings, args.load_balancer)
        if monitoring.mode == "operator":
            for file, rules in groups.items():
                self._custom_resource(f"rules-{file}", "PrometheusRule", "v1", {"groups": rules})
            spec = alertmanager.custom_resource_spec(routes)
            self._custom_resource("routes", "AlertmanagerConfig", "v1alpha1", spec)
            for target in targets:
                spec = target.custom_resource_spec()
                self._custom_resource(f"scrape-{target.job}", "ScrapeConfig", "v1alpha1", spec)
        else:
            files = {f"{file}.yaml": _yaml({"groups": rules}) for file, rules in groups.items()}
            self._config_map("rules", files)
            self._config_map("alertmanager", {"alertmanager.yaml": _yaml(routes)})
            scrape_configs = pulumi.Output.from_input([target.scrape_config() for target in targets])
            file = scrape_configs.apply(lambda configs: _yaml({"scrape_configs": configs}))
            self._config_map("scrape-configs", {"finops.yaml": file})
        for path in sorted((args.directory / "dashboards").glob("*.json")):
            self._config_map(f"dashboard-{path.stem}", {path.name: path.read_text("utf-8")}, GRAFANA_LABEL)
        self.register_outputs({})

    def _custom_resource(self, suffix: str, kind: str, version: str, spec: Mapping[str, Any]) -> None:
        k8s.apiextensions.CustomResource(
            f"{self._name}-{suffix}",
            api_version=f"monitoring.coreos.com/{version}",
            kind=kind,
            metadata=self._metadata(suffix, self._settings.monitoring.labels),
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _config_map(
        self, suffix: str, data: Mapping[str, pulumi.Input[str]], labels: Mapping[str, str] | None = None
    ) -> None:
        k8s.core.v1.ConfigMap(
            f"{self._name}-{suffix}",
            metadata=self._metadata(suffix, labels or {}),
            data=data,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _metadata(self, suffix: str, labels: Mapping[str, str]) -> Any:
        return {
            "name": f"finops-{suffix}",
            "namespace": self._settings.monitoring.namespace,
            "labels": {**labels, **self._labels},
        }


def _yaml(document: Any) -> str:
    return yaml.safe_dump(document, sort_keys=False, width=110, allow_unicode=True)
