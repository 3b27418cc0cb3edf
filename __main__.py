"""What a stack consists of."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components import settings as stack_settings
from components.ai_budget.database import AiBudgetDatabase, AiBudgetDatabaseArgs
from components.ai_budget.service import AiBudgetService, AiBudgetServiceArgs
from components.alert_topic import AlertTopic, AlertTopicArgs
from components.autoscaling import Autoscaling, AutoscalingArgs
from components.cloud_budgets import CloudBudgets, CloudBudgetsArgs
from components.cost_data.collection import CostData, CostDataArgs
from components.lambda_functions import package as function_package
from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.reporting.reporting import Reporting, ReportingArgs
from components.spot_node_pool import SpotNodePool, SpotNodePoolArgs
from components.storage_retention import StorageRetention, StorageRetentionArgs
from components.telemetry_retention import TelemetryRetention, TelemetryRetentionArgs

settings = stack_settings.load()
code = function_package.archives()  # first: a deployment without a build must not change anything
account = aws.Provider(
    "aws",
    region=settings.region,
    allowed_account_ids=[settings.account_id],
    default_tags=aws.ProviderDefaultTagsArgs(tags=settings.tags(settings.owner.cost_allocation).as_tags()),
)
cluster = k8s.Provider("cluster", context=settings.cluster.context)
opts = pulumi.ResourceOptions(providers=[account, cluster])

if settings.cloud_budgets:
    budgets = CloudBudgets("cloud-budgets", CloudBudgetsArgs(settings, settings.cloud_budgets), opts)
    pulumi.export("cost_alert_topic_arn", budgets.topic_arn)

storage = StorageRetention("storage", StorageRetentionArgs(settings), opts)
alarms = AlertTopic(
    "alarms",
    AlertTopicArgs(
        name=f"finops-alarms-{settings.cluster.name}",
        account_id=settings.account_id,
        publishers=("cloudwatch.amazonaws.com",),
        emails=settings.alarm_recipients,
        tags=settings.tags(settings.owner.cost_allocation),
    ),
    opts,
)
database = AiBudgetDatabase("ai-budget-database", AiBudgetDatabaseArgs(settings, alarms.arn), opts)
service = AiBudgetService(
    "ai-budget-service", AiBudgetServiceArgs(settings, code["ai_budget"], database, alarms.arn), opts
)
if settings.cost_data:
    costs = CostData(
        "cost-data",
        CostDataArgs(settings, settings.cost_data, code["cost_data"], database, service, storage, alarms.arn),
        opts,
    )
    pulumi.export("billing_export", costs.export_location)
if settings.reporting:
    parts = (code, database, service, storage, alarms.arn)
    Reporting("reporting", ReportingArgs(settings, settings.reporting, *parts), opts)
Monitoring("monitoring", MonitoringArgs(settings, service.load_balancer.dns_name), opts)
TelemetryRetention("telemetry", TelemetryRetentionArgs(settings), opts)
Autoscaling("autoscaling", AutoscalingArgs(settings), opts)
SpotNodePool("spot-node-pool", SpotNodePoolArgs(settings), opts)

pulumi.export("buckets", {role: bucket.name for role, bucket in storage.buckets.items()})
pulumi.export("database_address", database.address)
pulumi.export("database_secret_arn", database.secret_arn)
pulumi.export("alarm_topic_arn", alarms.arn)
pulumi.export("ai_budget_url", service.url)
pulumi.export("ai_budget_https_url", service.https_url)
pulumi.export("ai_budget_load_balancer", service.load_balancer.dns_name)
pulumi.export("ai_budget_admin_token_secret_arn", service.admin_token_secret_arn)
pulumi.export("ai_budget_caller_secret_arns", service.caller_secret_arns)
