"""What Prometheus scrapes: the AI budget service, and the costs where the stack collects them."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.ai_budget.service_config import HOST, PORT
from components.cost_data.metrics_target import PATH as COST_PATH
from components.settings import Settings
from components.settings import monitoring as settings_monitoring

SECRETS = "/etc/prometheus/secrets"  # where the operator mounts a Secret, in a folder of its name


@dataclass(frozen=True)
class ScrapeTarget:
    """`token` is the Secret with the bearer token, None for a target that needs none."""

    job: str
    scheme: str
    address: pulumi.Input[str]
    path: str
    seconds: int
    token: settings_monitoring.SecretKey | None

    def scrape_config(self) -> dict[str, Any]:
        """An entry of `scrape_configs` in the configuration of Prometheus."""
        token = {}
        if self.token:
            token["authorization"] = {"credentials_file": f"{SECRETS}/{self.token.secret}/{self.token.key}"}
        return {
            "job_name": self.job,
            "scheme": self.scheme,
            "metrics_path": self.path,
            "scrape_interval": f"{self.seconds}s",
            **token,
            "static_configs": [{"targets": [self.address]}],
        }

    def custom_resource_spec(self) -> dict[str, Any]:
        """The spec of a ScrapeConfig (monitoring.coreos.com/v1alpha1)."""
        token = {}
        if self.token:
            credentials = {"name": self.token.secret, "key": self.token.key}
            token["authorization"] = {"type": "Bearer", "credentials": credentials}
        return {
            "jobName": self.job,
            "scheme": self.scheme.upper(),
            "metricsPath": self.path,
            "scrapeInterval": f"{self.seconds}s",
            **token,
            "staticConfigs": [{"targets": [self.address]}],
        }


def scrape_targets(settings: Settings, load_balancer: pulumi.Input[str]) -> list[ScrapeTarget]:
    """The targets of a stack. A token is sent over HTTPS where the load balancer has a certificate."""
    monitoring, https = settings.monitoring, settings.ai_budget_service.https
    scheme = "https" if https else "http"
    in_cluster = f"{HOST}.{settings.cluster.namespace}.svc.cluster.local:{PORT}"
    service = ScrapeTarget(
        "ai-budget",
        scheme,
        f"{https.host}:443" if https else in_cluster,
        "/metrics",
        monitoring.scrape_seconds,
        monitoring.ai_budget_token,
    )
    costs = ScrapeTarget(
        "cost-data",
        scheme,
        f"{https.host}:443" if https else pulumi.Output.concat(load_balancer, f":{PORT}"),
        COST_PATH,
        monitoring.cost_scrape_seconds,
        None,
    )
    return [service, costs] if settings.cost_data else [service]
