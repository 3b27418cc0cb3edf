"""The stack config, typed: one frozen model, and the only reader of `pulumi.Config`.

In `Pulumi.<stack>.yaml` every section is one key of the project, `teei-finops:<section>`, whose value is an
object; `environment`, `region` and `account_id` are plain strings. Who reads the config as the engine passes
it (a policy pack, the cost review) finds

- `teei-finops:environment`, plain text: `prod` (also in the stack prod-eu) or `staging`,
- `teei-finops:budgets`, JSON: an object whose keys are the names of the budgets (what a `budget` tag may hold
  and the `name` of each `aws.budgets.Budget`) and whose values hold the monthly `limit` in US dollars.

Both are in every stack file. The section `cloud_budget` marks the one stack with the account-wide resources.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

import pulumi
from pulumi.runtime.config import CONFIG
from pydantic import Field, ValidationError, model_validator

from components import tags
from components.settings.cluster import Autoscaling, Cluster, Network, Spot
from components.settings.cost import AiBudget, Budget, CloudBudget
from components.settings.data import ClickHouse, Database, Loki, Storage
from components.settings.errors import SettingsError, explain
from components.settings.service import BudgetService, most_concurrency
from components.settings.types import (
    Charge,
    DataClass,
    Email,
    Name,
    RefusedError,
    Region,
    Section,
    Unique,
    one_of,
    text,
)

PROJECT = "teei-finops"
PREFIX = f"{PROJECT}:"
SECRETS = ("kubeconfig",)
EMPTY = ("", "{}")  # the defaults of Pulumi.yaml: the same as not written


class Owner(Section):
    """Whose the stack is: the tags that are the same on everything it makes."""

    team: Annotated[str, one_of("a team", *tags.TEAMS)]
    """The value of the tag `team`."""
    cost_center: Annotated[str, text("a cost centre", r"CC-[0-9]{4}", "CC-1200")]
    """The value of the tag `cost-center`."""
    data_class: DataClass
    """The value of the tag `data-class` where a part of the stack has no other."""
    charge: Charge
    """Who pays for what belongs to no part."""


class Operations(Section):
    """Who hears of the alarms of the stack's resources."""

    emails: Annotated[tuple[Email, ...], Unique, Field(min_length=1)]
    """They confirm the subscription once, by the e-mail that AWS sends."""


class Settings(Section):
    """Everything a stack declares, except for secrets, which stay Outputs (see `kubeconfig`)."""

    environment: Annotated[str, one_of("an environment", *tags.ENVIRONMENTS)]
    """The value of the tag `environment`; the stack prod-eu is also `prod`."""
    region: Region
    """Where the stack is deployed."""
    account_id: Annotated[str, text("an AWS account id of 12 digits", r"[0-9]{12}", '"123456789012"')]
    """The only account that the stack may be deployed to."""
    owner: Owner
    """The tags that are the same on everything."""
    operations: Operations
    """Who hears of the alarms."""
    budgets: Annotated[dict[Name, Budget], Field(min_length=1)]
    """Every budget of the account by its name, the same in all stacks."""
    cloud_budget: CloudBudget | None = None
    """Only in the one stack that holds the account-wide resources."""
    ai_budget: AiBudget
    """The AI budget of a new tenant."""
    network: Network
    """The VPC."""
    cluster: Cluster
    """The EKS cluster."""
    storage: Storage
    """The buckets."""
    database: Database
    """The budget database."""
    budget_service: BudgetService
    """The AI budget service."""
    loki: Loki
    """Retention of logs."""
    clickhouse: ClickHouse
    """Retention of analytics events."""
    autoscaling: Autoscaling
    """The scalers."""
    spot: Spot
    """The node pool on spot."""

    def tags(self, charge: Charge, data_class: str | None = None) -> tags.CostTags:
        """The cost tags of a part of the stack."""
        return tags.CostTags(
            team=self.owner.team,
            service=charge.service,
            environment=self.environment,
            cost_center=self.owner.cost_center,
            budget=charge.budget,
            data_class=data_class or charge.data_class or self.owner.data_class,
        )

    @model_validator(mode="after")
    def _charges_name_a_budget(self) -> Self:
        charged = {
            f"{name}.charge.budget": section.charge.budget
            for name, section in self
            if hasattr(section, "charge")
        }
        for key, budget in {**charged, "ai_budget.budget": self.ai_budget.budget}.items():
            if budget not in self.budgets:
                raise RefusedError(key, budget, f"a key of budgets: {', '.join(self.budgets)}")
        return self

    @model_validator(mode="after")
    def _service_fits_the_database(self) -> Self:
        service, instance = self.budget_service, self.database.instance_class
        most = most_concurrency(instance, service.other_connections)
        if service.reserved_concurrency > most:
            raise RefusedError(
                "budget_service.reserved_concurrency",
                service.reserved_concurrency,
                f"up to {most} with the connections of database.instance_class {instance} less"
                f" budget_service.other_connections ({service.other_connections})"
                if most >= 3
                else f"a larger database.instance_class than {instance}, or fewer other_connections",
            )
        return self

    @model_validator(mode="after")
    def _bucket_outlives_loki(self) -> Self:
        logs, loki = self.storage.logs, self.loki
        if logs.expire_days <= loki.total_days:
            raise RefusedError(
                "storage.logs.expire_days", logs.expire_days, f"more than loki.total_days ({loki.total_days})"
            )
        if logs.transitions and logs.transitions[0].days != loki.hot_days:
            raise RefusedError(
                "storage.logs.transitions[0].days",
                logs.transitions[0].days,
                f"loki.hot_days ({loki.hot_days})",
            )
        return self


def parse(config: Mapping[str, str]) -> Settings:
    """The settings in `config`, the stack's config as the engine passes it: full keys, objects as JSON.

    Raises `SettingsError`.
    """
    own = {key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)}
    written = {key: value for key, value in own.items() if value not in EMPTY and key not in SECRETS}
    document = {key: _value(key, value) for key, value in written.items()}
    try:
        return Settings.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, PREFIX)) from None


def _value(key: str, value: str) -> Any:
    field = Settings.model_fields.get(key)
    if field is None or field.annotation is str:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def load() -> Settings:
    """The settings of the stack that the engine runs. Raises `SettingsError`."""
    return parse(CONFIG.get())


def kubeconfig() -> pulumi.Output[str] | None:
    """The cluster's kubeconfig, a secret; without it the provider reads the user's, at `cluster.context`."""
    return pulumi.Config(PROJECT).get_secret("kubeconfig")
