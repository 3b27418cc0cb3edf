"""The functions of the recommendations and reviews, their schedules, bucket and alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.ai_budget import database as budget_database
from components.ai_budget.service import AiBudgetService
from components.lambda_functions import roles
from components.lambda_functions.alarms import ScheduledFunctionAlarms, ScheduledFunctionAlarmsArgs
from components.lambda_functions.function import ALIAS, ServiceFunction, ServiceFunctionArgs
from components.lambda_functions.network_access import NetworkAccess, NetworkAccessArgs
from components.lambda_functions.schedules import TaskSchedules, TaskSchedulesArgs
from components.reporting import permissions
from components.settings import Settings
from components.settings import reporting as settings_reporting
from components.storage_retention import ACCESS_LOGS, Bucket, BucketArgs, StorageRetention

TIMEOUT_SECONDS = 900  # the longest timeout of a Lambda
MAX_EVENT_AGE_SECONDS = 3600  # a run that timed out is repeated
# Costs are read twice a day, so that by the evening of the 15th those of the month before are final.
REVIEWS = {
    "monthly": "0 18 2,15 * ? *",
    "quarterly": "30 18 2,15 1,4,7,10 ? *",
    "check": "0 6 * * ? *",
}
RECOMMENDATIONS = {"recommendations": "0 7 ? * MON *"}


@dataclass(frozen=True)
class ReportingArgs:
    """`section` is `settings.reporting`, which only the stack with the cost data has.

    `code` has the packages by their name. `service` creates the roles of the functions in the database.
    """

    settings: Settings
    section: settings_reporting.Reporting
    code: Mapping[str, pulumi.Archive]
    database: budget_database.AiBudgetDatabase
    service: AiBudgetService
    storage: StorageRetention
    alarm_topic_arn: pulumi.Input[str]


class Reporting(pulumi.ComponentResource):
    """The advisor on Mondays, the reviews, and every day a look whether the reports that are due are there.

    A run that fails is repeated once; what fails again is noticed by the check of the next morning.
    """

    bucket: Bucket

    def __init__(self, name: str, args: ReportingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:reporting:Reporting", name, None, opts)
        self._name, self._args = name, args
        settings, section = args.settings, args.section
        self._tags, child = settings.tags(section.cost_allocation), pulumi.ResourceOptions(parent=self)
        self.bucket = Bucket(
            f"{name}-storage",
            BucketArgs(
                settings=section.bucket,
                account_id=settings.account_id,
                access_logs=args.storage.buckets[ACCESS_LOGS],
                tags=settings.tags(section.cost_allocation, section.bucket.data_class),
            ),
            child,
        )
        self._access = NetworkAccess(
            f"{name}-network",
            NetworkAccessArgs(
                settings,
                name=f"{section.name}-functions",
                description="The functions of the reports",
                database=args.database,
                tags=self._tags,
            ),
            child,
        )
        advisor = {
            "RECOMMENDATION_SENDER": section.sender,
            "RECOMMENDATION_RECIPIENTS": ",".join(section.recommendation_recipients),
            "ADVISOR_REGIONS": ",".join(section.regions),
        }
        if section.prometheus_url:
            advisor["PROMETHEUS_URL"] = section.prometheus_url
        self._function(
            "advisor",
            package="advisor",
            description="Recommends what saves costs",
            environment=advisor,
            database_role=budget_database.COST_DATA,
            statements=permissions.account_statements(),
            cron=RECOMMENDATIONS,
        )
        self._function(
            "reviews",
            package="reports",
            description="Makes the monthly and quarterly cost reviews",
            environment={
                "REPORT_SENDER": section.sender,
                "REPORT_RECIPIENTS": ",".join(section.monthly_recipients),
                "EXECUTIVE_RECIPIENTS": ",".join(section.executive_recipients),
                "LINK_HOURS": str(section.link_hours),
                "PLAN_DISCOUNT_PERCENT": str(section.plan_discount_percent),
            },
            database_role=budget_database.REPORTS,
            statements=[],
            cron=REVIEWS,
        )
        # The check runs every day and fails, too, while the recommendations of the week are not there.
        self._alarms("alarms", section.name, role="reviews", runbook="reports")
        # Without a source, its report is in the bucket, but not complete.
        self._alarms(
            "advisor-alarms",
            f"{section.name}-advisor",
            role="advisor",
            runbook="recommendations",
            daily=False,
        )
        self.register_outputs({"bucket": self.bucket.name})

    def _alarms(self, resource: str, alarm: str, *, role: str, runbook: str, daily: bool = True) -> None:
        ScheduledFunctionAlarms(
            f"{self._name}-{resource}",
            ScheduledFunctionAlarmsArgs(
                name=alarm,
                topic_arn=self._args.alarm_topic_arn,
                function=f"{self._args.section.name}-{role}",
                alias=ALIAS,
                runbook=runbook,
                tags=self._tags,
                daily=daily,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _function(
        self,
        role: str,
        *,
        package: str,
        description: str,
        environment: Mapping[str, str],
        database_role: str,
        statements: Sequence[roles.Statement],
        cron: Mapping[str, str],
    ) -> None:
        """A function that delivers reports, and its schedules."""
        name, args, section = self._name, self._args, self._args.section
        child = pulumi.ResourceOptions(parent=self)
        function = ServiceFunction(
            f"{name}-{role}",
            ServiceFunctionArgs(
                args.settings,
                name=f"{section.name}-{role}",
                description=description,
                code=args.code[package],
                handler=f"functions.{package}.lambda_handler.handler",
                environment={
                    "DATABASE_HOST": args.database.address,
                    "DATABASE_PORT": str(budget_database.PORT),
                    "DATABASE_NAME": budget_database.DATABASE,
                    "REPORT_BUCKET": self.bucket.name,
                    **environment,
                },
                statements=[
                    roles.allow(["rds-db:connect"], [args.database.user_arn(database_role)]),
                    *permissions.delivery_statements(args.settings, self.bucket, section.sender),
                    *statements,
                ],
                security_group_id=self._access.security_group_id,
                memory_mib=section.memory_mib,
                timeout_seconds=TIMEOUT_SECONDS,
                concurrency=1,
                log_retention_days=section.log_retention_days,
                tags=self._tags,
            ),
            child,
        )
        alias = function.live_alias(f"{name}-{role}-live", self, [*self._access.rules, args.service.migrated])
        TaskSchedules(
            f"{name}-{role}-tasks",
            TaskSchedulesArgs(
                name=section.name,
                description="Cost reports",
                alias=alias,
                failed_tasks=None,
                minutes={},
                cron=cron,
                max_event_age_seconds=MAX_EVENT_AGE_SECONDS,
                tags=self._tags,
            ),
            child,
        )
