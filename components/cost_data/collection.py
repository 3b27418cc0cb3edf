"""The functions that collect the costs of the account and serve them as metrics."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.ai_budget import database as budget_database
from components.ai_budget.service import AiBudgetService
from components.cost_data import permissions
from components.cost_data.athena import TABLE, AthenaTable, AthenaTableArgs
from components.cost_data.billing_export import BillingExport, BillingExportArgs
from components.cost_data.metrics_target import MetricsTarget, MetricsTargetArgs
from components.lambda_functions import roles
from components.lambda_functions.alarms import ScheduledFunctionAlarms, ScheduledFunctionAlarmsArgs
from components.lambda_functions.function import ALIAS, ServiceFunction, ServiceFunctionArgs
from components.lambda_functions.network_access import NetworkAccess, NetworkAccessArgs
from components.lambda_functions.schedules import TaskSchedules, TaskSchedulesArgs
from components.settings import Settings
from components.settings import cost_data as settings_cost_data
from components.storage_retention import ACCESS_LOGS, StorageRetention

HANDLERS = "functions.cost_data.lambda_handler"
COLLECT_MINUTES = 12 * 60
COLLECT_SECONDS = 900  # the longest timeout of a Lambda
METRICS_SECONDS = 15
METRICS_CONCURRENCY = 2  # Prometheus scrapes one at a time; a pair of them scrapes both


@dataclass(frozen=True)
class CostDataArgs:
    """`section` is `settings.cost_data`, which only one stack has; `code` the package of both functions.

    `service` has the load balancer that serves the metrics, and creates the role of the functions in the
    database.
    """

    settings: Settings
    section: settings_cost_data.CostData
    code: pulumi.Archive
    database: budget_database.AiBudgetDatabase
    service: AiBudgetService
    storage: StorageRetention
    alarm_topic_arn: pulumi.Input[str]


class CostData(pulumi.ComponentResource):
    """A collector, twice a day, and an exporter behind the load balancer of the AI budget service.

    The collector creates its tables before new code runs: whenever its version changes, it is invoked with
    `{"task": "migrate"}`, and the aliases move afterwards. A run that fails or is missed needs no repetition:
    the next one reads everything that is due.
    """

    export_location: pulumi.Output[str] | None

    def __init__(self, name: str, args: CostDataArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:cost_data:CostData", name, None, opts)
        self._name, self._args = name, args
        settings, section = args.settings, args.section
        self._tags = settings.tags(section.cost_allocation)
        child = pulumi.ResourceOptions(parent=self)
        self._access = NetworkAccess(
            f"{name}-network",
            NetworkAccessArgs(
                settings,
                name=f"{section.name}-functions",
                description="The cost data functions",
                database=args.database,
                tags=self._tags,
            ),
            child,
        )
        export = self._export()
        table = self._athena_table(export) if export and section.engine == "athena" else None
        self.export_location = export.location if export else None
        login = roles.allow(["rds-db:connect"], [args.database.user_arn(budget_database.COST_DATA)])
        environment = self._environment(export, table)
        collector = self._function(
            "collect",
            description="Reads the costs of the account",
            environment=environment,
            statements=[
                login,
                *permissions.account_statements(settings, section.regions),
                *(permissions.export_statements(export) if export else ()),
                *(permissions.athena_statements(settings, table, export) if export and table else ()),
            ],
            memory_mib=section.memory_mib,
            timeout_seconds=COLLECT_SECONDS,
            concurrency=1,
            storage_mib=section.storage_mib,
        )
        exporter = self._function(
            "metrics",
            description="Serves the costs of the account as metrics",
            environment=environment,
            statements=[login],
            memory_mib=section.metrics_memory_mib,
            timeout_seconds=METRICS_SECONDS,
            concurrency=METRICS_CONCURRENCY,
        )
        migrated = aws.lambda_.Invocation(
            f"{name}-migrate",
            function_name=collector.function.name,
            qualifier=collector.version,
            input=json.dumps({"task": "migrate"}),
            triggers={"version": collector.version},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._access.rules, args.service.migrated]),
        )
        TaskSchedules(
            f"{name}-tasks",
            TaskSchedulesArgs(
                name=section.name,
                description="Cost data",
                alias=collector.live_alias(f"{name}-collect-live", self, [migrated]),
                failed_tasks=None,
                minutes={"collect": COLLECT_MINUTES},
                tags=self._tags,
            ),
            child,
        )
        MetricsTarget(
            f"{name}-target",
            MetricsTargetArgs(
                name=section.name,
                alias=exporter.live_alias(f"{name}-metrics-live", self, [migrated]),
                load_balancer=args.service.load_balancer,
                tags=self._tags,
            ),
            child,
        )
        ScheduledFunctionAlarms(
            f"{name}-alarms",
            ScheduledFunctionAlarmsArgs(
                name=section.name,
                topic_arn=args.alarm_topic_arn,
                function=f"{section.name}-collect",
                alias=ALIAS,
                runbook="cost-data",
                tags=self._tags,
            ),
            child,
        )
        self.register_outputs({"exportLocation": self.export_location})

    def _export(self) -> BillingExport | None:
        args, section = self._args, self._args.section
        if section.source != "export" or section.export_bucket is None:
            return None
        return BillingExport(
            f"{self._name}-billing",
            BillingExportArgs(
                args.settings,
                name=f"{section.name}-focus",
                bucket=section.export_bucket,
                access_logs=args.storage.buckets[ACCESS_LOGS],
                tags=args.settings.tags(section.cost_allocation, section.export_bucket.data_class),
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _athena_table(self, export: BillingExport) -> AthenaTable:
        return AthenaTable(
            f"{self._name}-athena",
            AthenaTableArgs(
                self._args.settings,
                name=self._args.section.name,
                location=export.location,
                scan_limit_gib=self._args.section.athena_scan_limit_gib,
                tags=self._tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _environment(
        self, export: BillingExport | None, table: AthenaTable | None
    ) -> Mapping[str, pulumi.Input[str]]:
        """The settings of functions/cost_data/settings.py."""
        section = self._args.section
        environment: dict[str, pulumi.Input[str]] = {
            "COST_DATA_DATABASE_HOST": self._args.database.address,
            "COST_DATA_DATABASE_PORT": str(budget_database.PORT),
            "COST_DATA_DATABASE_NAME": budget_database.DATABASE,
            "COST_DATA_ENGINE": section.engine,
            "COST_DATA_MEMORY_LIMIT": f"{section.memory_mib // 2}MB",
            "COST_DATA_REGIONS": ",".join(section.regions),
            "COST_DATA_REQUEST_LIMIT": str(section.request_limit),
        }
        if export:
            environment["COST_DATA_EXPORT"] = export.location
        if table:
            environment |= {
                "COST_DATA_ATHENA_DATABASE": table.database,
                "COST_DATA_ATHENA_TABLE": TABLE,
                "COST_DATA_ATHENA_WORKGROUP": table.workgroup,
            }
        return environment

    def _function(
        self,
        handler: str,
        *,
        description: str,
        environment: Mapping[str, pulumi.Input[str]],
        statements: Sequence[roles.Statement],
        memory_mib: int,
        timeout_seconds: int,
        concurrency: int,
        storage_mib: int = 512,
    ) -> ServiceFunction:
        section = self._args.section
        return ServiceFunction(
            f"{self._name}-{handler}",
            ServiceFunctionArgs(
                self._args.settings,
                name=f"{section.name}-{handler}",
                description=description,
                code=self._args.code,
                handler=f"{HANDLERS}.{handler}",
                environment=environment,
                statements=statements,
                security_group_id=self._access.security_group_id,
                memory_mib=memory_mib,
                timeout_seconds=timeout_seconds,
                concurrency=concurrency,
                log_retention_days=section.log_retention_days,
                tags=self._tags,
                storage_mib=storage_mib,
            ),
            pulumi.ResourceOptions(parent=self),
        )
