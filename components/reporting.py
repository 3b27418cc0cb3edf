"""The monthly and quarterly reviews on AWS: their function, schedules, bucket and alarms."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.ai_budget import database as budget_database
from components.ai_budget.service import AiBudgetService
from components.ai_budget.service_config import sender_identities
from components.lambda_functions import roles
from components.lambda_functions.alarms import ScheduledFunctionAlarms, ScheduledFunctionAlarmsArgs
from components.lambda_functions.function import ServiceFunction, ServiceFunctionArgs
from components.lambda_functions.network_access import NetworkAccess, NetworkAccessArgs
from components.lambda_functions.schedules import TaskSchedules, TaskSchedulesArgs
from components.settings import Settings
from components.settings import reporting as settings_reporting
from components.storage_retention import ACCESS_LOGS, Bucket, BucketArgs, StorageRetention

HANDLER = "functions.reports.lambda_handler.handler"
ALIAS = "live"
TIMEOUT_SECONDS = 600
# Costs are read twice a day, so that by the evening of the 15th those of the month before are final.
CRON = {
    "monthly": "0 18 2,15 * ? *",
    "quarterly": "30 18 2,15 1,4,7,10 ? *",
    "check": "0 6 * * ? *",
}


@dataclass(frozen=True)
class ReportingArgs:
    """`section` is `settings.reporting`, which only the stack with the cost data has; `code` the package.

    `service` creates the role of the function in the database.
    """

    settings: Settings
    section: settings_reporting.Reporting
    code: pulumi.Archive
    database: budget_database.AiBudgetDatabase
    service: AiBudgetService
    storage: StorageRetention
    alarm_topic_arn: pulumi.Input[str]


class Reporting(pulumi.ComponentResource):
    """A function that makes the reviews, and every day looks whether those that are due are in the bucket.

    A run that fails is repeated once; what fails again is noticed by the check of the next morning.
    """

    bucket: Bucket

    def __init__(self, name: str, args: ReportingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:reporting:Reporting", name, None, opts)
        settings, section = args.settings, args.section
        tags, child = settings.tags(section.cost_allocation), pulumi.ResourceOptions(parent=self)
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
        access = NetworkAccess(
            f"{name}-network",
            NetworkAccessArgs(
                settings,
                name=f"{section.name}-functions",
                description="The functions of the reports",
                database=args.database,
                tags=tags,
            ),
            child,
        )
        reviews = ServiceFunction(
            f"{name}-reviews",
            ServiceFunctionArgs(
                settings,
                name=f"{section.name}-reviews",
                description="Makes the monthly and quarterly cost reviews",
                code=args.code,
                handler=HANDLER,
                environment={
                    "DATABASE_HOST": args.database.address,
                    "DATABASE_PORT": str(budget_database.PORT),
                    "DATABASE_NAME": budget_database.DATABASE,
                    "REPORT_BUCKET": self.bucket.name,
                    "REPORT_SENDER": section.sender,
                    "REPORT_RECIPIENTS": ",".join(section.monthly_recipients),
                    "EXECUTIVE_RECIPIENTS": ",".join(section.executive_recipients),
                    "LINK_HOURS": str(section.link_hours),
                    "PLAN_DISCOUNT_PERCENT": str(section.plan_discount_percent),
                },
                statements=[
                    roles.allow(["rds-db:connect"], [args.database.user_arn(budget_database.REPORTS)]),
                    roles.allow(["s3:ListBucket"], [self.bucket.arn]),
                    roles.allow(
                        ["s3:GetObject", "s3:PutObject"], [pulumi.Output.concat(self.bucket.arn, "/*")]
                    ),
                    roles.allow(["ses:SendEmail"], sender_identities(settings, section.sender)),
                ],
                security_group_id=access.security_group_id,
                memory_mib=section.memory_mib,
                timeout_seconds=TIMEOUT_SECONDS,
                concurrency=1,
                log_retention_days=section.log_retention_days,
                tags=tags,
            ),
            child,
        )
        alias = aws.lambda_.Alias(
            f"{name}-reviews-live",
            name=ALIAS,
            description="The version that runs",
            function_name=reviews.function.name,
            function_version=reviews.version,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*access.rules, args.service.migrated]),
        )
        TaskSchedules(
            f"{name}-tasks",
            TaskSchedulesArgs(
                name=section.name,
                description="Cost reviews",
                alias=alias,
                failed_tasks=None,
                minutes={},
                cron=CRON,
                tags=tags,
            ),
            child,
        )
        ScheduledFunctionAlarms(
            f"{name}-alarms",
            ScheduledFunctionAlarmsArgs(
                name=section.name,
                topic_arn=args.alarm_topic_arn,
                function=f"{section.name}-reviews",
                alias=ALIAS,
                runbook="reports",
                tags=tags,
            ),
            child,
        )
        self.register_outputs({"bucket": self.bucket.name})
