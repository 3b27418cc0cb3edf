"""What a stack is made of."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components import settings as stack_settings
from components.ai_budget import package as function_package
from components.ai_budget.database import BudgetDatabase, BudgetDatabaseArgs
from components.ai_budget.service import BudgetService, BudgetServiceArgs
from components.alert_topic import AlertTopic, AlertTopicArgs
from components.autoscaling import Autoscaling, AutoscalingArgs
from components.cloud_budgets import CloudBudget, CloudBudgetArgs
from components.spot_node_pool import Spot, SpotArgs
from components.storage_retention import StorageRetention, StorageRetentionArgs
from components.telemetry_retention import TelemetryRetention, TelemetryRetentionArgs

settings = stack_settings.load()
code = function_package.code()  # before anything is declared: a deployment without a build changes nothing
account = aws.Provider(
    "aws",
    region=settings.region,
    allowed_account_ids=[settings.account_id],
    default_tags=aws.ProviderDefaultTagsArgs(tags=settings.tags(settings.owner.charge).as_tags()),
)
cluster = k8s.Provider("cluster", kubeconfig=stack_settings.kubeconfig(), context=settings.cluster.context)
opts = pulumi.ResourceOptions(providers=[account, cluster])

if settings.cloud_budget:
    budgets = CloudBudget("cloud-budget", CloudBudgetArgs(settings, settings.cloud_budget), opts)
    pulumi.export("cost_alert_topic_arn", budgets.topic_arn)

storage = StorageRetention("storage", StorageRetentionArgs(settings), opts)
operations = AlertTopic(
    "operations-alerts",
    AlertTopicArgs(
        name=f"finops-operations-{settings.cluster.name}",
        account_id=settings.account_id,
        publishers=("cloudwatch.amazonaws.com",),
        emails=settings.operations.emails,
        tags=settings.tags(settings.owner.charge),
    ),
    opts,
)
database = BudgetDatabase("budget-database", BudgetDatabaseArgs(settings, operations.arn), opts)
service = BudgetService("budget-service", BudgetServiceArgs(settings, code, database, operations.arn), opts)
TelemetryRetention("telemetry", TelemetryRetentionArgs(settings), opts)
Autoscaling("autoscaling", AutoscalingArgs(settings), opts)
Spot("spot", SpotArgs(settings), opts)

pulumi.export("buckets", {role: bucket.name for role, bucket in storage.buckets.items()})
pulumi.export("database_address", database.address)
pulumi.export("database_secret_arn", database.secret_arn)
pulumi.export("operations_topic_arn", operations.arn)
pulumi.export("ai_budget_url", service.url)
pulumi.export("ai_budget_admin_token_secret_arn", service.admin_token_secret_arn)
