"""The alert and recording rules of monitoring/rules for a stack."""

from pathlib import Path
from typing import Any

import yaml

from components.settings import monitoring as settings_monitoring

Groups = list[dict[str, Any]]
# The files whose alerts need GET /metrics/cost, which only the stack with `cost_data` has.
OF_COST_DATA = {"cloud-cost", "cost-data"}


def rule_files(
    directory: Path, settings: settings_monitoring.Monitoring, *, with_cost_data: bool
) -> dict[str, Groups]:
    """The rule groups by the name of their file, with links to the runbook and the dashboards."""
    return {
        path.stem: [_group(group, settings) for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
        for path in sorted(directory.glob("*.yaml"))
        if with_cost_data or path.stem not in OF_COST_DATA
    }


def _group(group: dict[str, Any], settings: settings_monitoring.Monitoring) -> dict[str, Any]:
    return {**group, "rules": [_rule(rule, settings) for rule in group["rules"]]}


def _rule(rule: dict[str, Any], settings: settings_monitoring.Monitoring) -> dict[str, Any]:
    if "alert" not in rule:
        return rule
    annotations = rule["annotations"]
    links = {
        "runbook_url": f"{settings.runbook_url}/{annotations['runbook_url']}",
        "dashboard_url": f"{settings.dashboard_url}{annotations['dashboard_url']}",
    }
    return {**rule, "annotations": {**annotations, **links}}
