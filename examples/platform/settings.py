"""The config of one stack of the example."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True)
class Settings:
    """`account` is true in the stack with the account-wide budgets."""

    region: str
    environment: str
    budgets: dict[str, Any]
    budget: str
    account: bool
    cidr: str
    nat_gateways: int
    nodes: dict[str, Any]
    databases: dict[str, Any]
    aurora: dict[str, Any]
    cache: dict[str, Any]
    search: dict[str, Any]
    buckets: dict[str, Any]

    def tags(self, service: str, *, team: str = "platform", data_class: str = "internal") -> dict[str, str]:
        return {
            "team": team,
            "service": service,
            "environment": self.environment,
            "cost-center": "CC-1100",
            "budget": self.budget,
            "data-class": data_class,
        }


def load() -> Settings:
    config = pulumi.Config()
    sections = ("budgets", "nodes", "databases", "aurora", "cache", "search", "buckets")
    return Settings(
        region=pulumi.Config("aws").require("region"),
        environment=config.require("environment"),
        budget=config.require("budget"),
        account=config.require_bool("account"),
        cidr=config.require("cidr"),
        nat_gateways=config.require_int("nat_gateways"),
        **{name: config.require_object(name) for name in sections},
    )


def provider(settings: Settings) -> aws.Provider:
    tags = settings.tags("platform")
    return aws.Provider("aws", region=settings.region, default_tags={"tags": tags})
