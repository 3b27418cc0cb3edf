"""The whole stack config as one model, and the constraints between its sections."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components import tags
from components.settings.ai_budget.service import AiBudget, AiBudgetService, max_reserved_concurrency
from components.settings.autoscaling import Autoscaling
from components.settings.budgets import Budget, CloudBudgets
from components.settings.cost_data import CostData
from components.settings.database import Database
from components.settings.monitoring import Monitoring
from components.settings.network import Cluster, Network
from components.settings.reporting import Reporting
from components.settings.spot_node_pool import SpotNodePool
from components.settings.storage import Storage
from components.settings.telemetry import ClickHouse, Loki
from components.settings.types import (
    ConstraintError,
    CostAllocation,
    DataClass,
    Email,
    Name,
    Region,
    Section,
    Unique,
    default,
    one_of,
    text,
)


class Owner(Section):
    """The cost tags that are the same on every resource of the stack."""

    team: Annotated[str, one_of("a team", *tags.TEAMS)]
    """The value of the tag `team`."""
    cost_center: Annotated[str, text("a cost centre", r"CC-[0-9]{4}", "CC-1200")]
    """The value of the tag `cost-center`."""
    data_class: DataClass
    """The value of the tag `data-class` where a part of the stack has no other."""
    cost_allocation: CostAllocation
    """The cost tags of what belongs to no part of the stack."""


class Settings(Section):
    """Everything a stack declares."""

    environment: Annotated[str, one_of("an environment", *tags.ENVIRONMENTS)]
    """The value of the tag `environment`; the stack prod-eu is also `prod`."""
    region: Region
    """The region that the stack is deployed to."""
    account_id: Annotated[str, text("an AWS account id of 12 digits", r"[0-9]{12}", '"123456789012"')]
    """The only account that the stack may be deployed to."""
    owner: Owner
    """The cost tags that are the same on every resource; set in `Pulumi.yaml` for all stacks."""
    budgets: Annotated[dict[Name, Budget], Field(min_length=1)]
    """Every budget of the account by its name; set in `Pulumi.yaml` for all stacks."""
    alarm_recipients: Annotated[tuple[Email, ...], Unique, Field(min_length=1)] = default(
        ("oncall@teei.io",), "guide, Support Contacts: DevOps On-Call"
    )
    """Recipients of the alarms of the stack's resources; each confirms the e-mail that AWS sends once."""
    cloud_budgets: CloudBudgets | None = None
    """Set in the one stack that holds the account-wide resources."""
    cost_data: CostData | None = None
    """The collection of the account's costs; set in the stack that has `cloud_budgets`, or in none."""
    reporting: Reporting | None = None
    """The recommendations and reviews; set in the stack that has `cost_data`, or in none."""
    ai_budget: AiBudget = AiBudget()
    """The AI budget of a new tenant."""
    network: Network
    """The VPC."""
    cluster: Cluster
    """The EKS cluster."""
    storage: Storage
    """The buckets."""
    database: Database
    """The database of the AI budget service."""
    ai_budget_service: AiBudgetService
    """The AI budget service."""
    monitoring: Monitoring = Monitoring()
    """Alert rules, routes, dashboards and scrape targets."""
    loki: Loki = Loki()
    """Retention of logs."""
    clickhouse: ClickHouse = ClickHouse()
    """Retention of analytics events."""
    autoscaling: Autoscaling = Autoscaling()
    """The autoscalers."""
    spot_node_pool: SpotNodePool
    """The node pool for interruptible workloads."""

    def tags(self, allocation: CostAllocation, data_class: str | None = None) -> tags.CostTags:
        """The cost tags of a part of the stack."""
        return tags.CostTags(
            team=self.owner.team,
            service=allocation.service,
            environment=self.environment,
            cost_center=self.owner.cost_center,
            budget=allocation.budget,
            data_class=data_class or allocation.data_class or self.owner.data_class,
        )

    @model_validator(mode="after")
    def _cost_allocations_name_a_budget(self) -> Self:
        names = {
            f"{key}.cost_allocation.budget": section.cost_allocation.budget
            for key, section in self
            if hasattr(section, "cost_allocation")
        }
        for key, budget in {**names, "ai_budget.budget": self.ai_budget.budget}.items():
            if budget not in self.budgets:
                raise ConstraintError(key, budget, f"a key of budgets: {', '.join(self.budgets)}")
        return self

    @model_validator(mode="after")
    def _prod_has_callers_and_https(self) -> Self:
        service = self.ai_budget_service
        if self.environment == "prod":
            if not service.callers:
                example = "such as {name: reporting, tenants: ['*']}"
                requirement = f"a list of the services that may call in prod, {example}"
                raise ConstraintError("ai_budget_service.callers", [], requirement)
            if service.https is None:
                requirement = "set in prod: {certificate_arn: …, host: …}"
                raise ConstraintError("ai_budget_service.https", None, requirement)
        if service.https is not None:
            place = f"arn:aws:acm:{self.region}:{self.account_id}:"
            arn = service.https.certificate_arn
            if not arn.startswith(place):
                key = "ai_budget_service.https.certificate_arn"
                raise ConstraintError(key, arn, f"in the region and account of the stack: {place}…")
        return self

    @model_validator(mode="after")
    def _costs_are_collected_once_per_account(self) -> Self:
        if self.cost_data and not self.cloud_budgets:
            requirement = "left out: only the stack with cloud_budgets collects the costs of the account"
            raise ConstraintError("cost_data", {"name": self.cost_data.name}, requirement)
        return self

    @model_validator(mode="after")
    def _reports_need_the_costs(self) -> Self:
        if self.reporting and not self.cost_data:
            requirement = "left out: only the stack with cost_data has the costs of the account"
            raise ConstraintError("reporting", {"name": self.reporting.name}, requirement)
        return self

    @model_validator(mode="after")
    def _budgets_filter_by_active_tags(self) -> Self:
        if self.cloud_budgets and not self.cloud_budgets.activate_cost_allocation_tags:
            for name, budget in self.budgets.items():
                if budget.tag:
                    raise ConstraintError(
                        f"budgets.{name}.tag",
                        budget.tag.model_dump(),
                        "left out until cloud_budgets.activate_cost_allocation_tags is true: a budget"
                        " counts nothing by a tag that is not active",
                    )
        return self

    @model_validator(mode="after")
    def _service_fits_the_database(self) -> Self:
        service, instance = self.ai_budget_service, self.database.instance_class
        maximum = max_reserved_concurrency(instance, service.other_connections)
        if service.reserved_concurrency <= maximum:
            return self
        if maximum < 3:
            requirement = f"less, but {instance} has too few connections: choose a larger"
            requirement += " database.instance_class, or fewer other_connections"
        else:
            requirement = f"at most {maximum}, the connections of database.instance_class {instance} minus"
            requirement += f" ai_budget_service.other_connections ({service.other_connections})"
        raise ConstraintError(
            "ai_budget_service.reserved_concurrency", service.reserved_concurrency, requirement
        )

    @model_validator(mode="after")
    def _bucket_keeps_logs_longer_than_loki(self) -> Self:
        logs, loki = self.storage.logs, self.loki
        if logs.expiration_days <= loki.total_days:
            raise ConstraintError(
                "storage.logs.expiration_days",
                logs.expiration_days,
                f"more than loki.total_days ({loki.total_days})",
            )
        if logs.transitions and logs.transitions[0].days != loki.hot_days:
            raise ConstraintError(
                "storage.logs.transitions[0].days",
                logs.transitions[0].days,
                f"loki.hot_days ({loki.hot_days})",
            )
        return self
