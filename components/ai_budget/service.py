"""The AI budget service on AWS: its functions, queue, schedules, load balancer and alarms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.ai_budget import database as budget_database
from components.ai_budget.alarms import AiBudgetAlarms, AiBudgetAlarmsArgs
from components.ai_budget.callers import CallerSecrets, CallerSecretsArgs, recovery_window_days
from components.ai_budget.kubernetes import BudgetPods, BudgetPodsArgs
from components.ai_budget.load_balancer import LoadBalancer, LoadBalancerArgs
from components.ai_budget.queues import Queues
from components.ai_budget.service_config import HOST, PORT, https_url, sender_identities, service_config
from components.lambda_functions import roles
from components.lambda_functions.function import ServiceFunction, ServiceFunctionArgs
from components.lambda_functions.network_access import NetworkAccess, NetworkAccessArgs
from components.lambda_functions.schedules import TaskSchedules, TaskSchedulesArgs
from components.settings import Settings

HANDLER = "functions.ai_budget.lambda_handlers.handler"
MIGRATION_SECONDS = 900  # the longest timeout of a Lambda
BATCH_SIZE = 10


@dataclass(frozen=True)
class AiBudgetServiceArgs:
    settings: Settings
    code: pulumi.Archive
    database: budget_database.AiBudgetDatabase
    alarm_topic_arn: pulumi.Input[str]


class AiBudgetService(pulumi.ComponentResource):
    """`url` is reachable in the cluster only; the admin token is accepted at `https_url`, if there is one.

    After `migrated` the database has its roles and its schema.

    New code serves requests only after the database has its schema: whenever its version changes, the
    migrator, a second function with the same code, runs the `pre` migrations; then the alias, which all
    callers use, moves to the new version of the service; then the `post` migrations run. As a separate
    function the migrator has a timeout of fifteen minutes and is not throttled when the service uses all of
    its reserved concurrency.
    """

    url: str
    https_url: str | None
    load_balancer: LoadBalancer
    migrated: pulumi.Resource
    admin_token_secret_arn: pulumi.Output[str]
    caller_secret_arns: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: AiBudgetServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:ai_budget:AiBudgetService", name, None, opts)
        settings, service = args.settings, args.settings.ai_budget_service
        self._name, self._settings = name, settings
        self._tags = settings.tags(service.cost_allocation)
        tags, child = self._tags.as_tags(), pulumi.ResourceOptions(parent=self)
        admin_tokens = aws.secretsmanager.Secret(
            f"{name}-admin-tokens",
            name=f"{service.name}/admin-tokens",
            description="Admin tokens of the AI budget API, comma-separated; set the value by hand",
            recovery_window_in_days=recovery_window_days(settings),
            tags=tags,
            opts=child,
        )
        queues = Queues(name, settings, self._tags, child)
        queue = queues.tracks
        access = NetworkAccess(
            f"{name}-network",
            NetworkAccessArgs(
                settings,
                name=f"{service.name}-functions",
                description="The functions of the AI budget service",
                database=args.database,
                tags=self._tags,
            ),
            child,
        )
        callers = CallerSecrets(f"{name}-callers", CallerSecretsArgs(settings, self._tags), child)
        environment: dict[str, pulumi.Input[str]] = {
            "AI_BUDGET_DATABASE_HOST": args.database.address,
            "AI_BUDGET_DATABASE_PORT": str(budget_database.PORT),
            "AI_BUDGET_DATABASE_NAME": budget_database.DATABASE,
            "AI_BUDGET_CALLER_SECRET_PREFIX": callers.prefix,
            "AI_BUDGET_CONFIG": service_config(settings),
        }
        master_secret_arn = args.database.secret_arn.apply(lambda arn: arn or "")
        caller_secret_arns = list(callers.arns.values())
        migrator = ServiceFunction(
            f"{name}-migrator",
            ServiceFunctionArgs(
                settings,
                name=f"{service.name}-migrator",
                description="Migrates the AI budget database before new code serves",
                code=args.code,
                handler=HANDLER,
                environment={**environment, "AI_BUDGET_DATABASE_SECRET_ARN": master_secret_arn},
                statements=[
                    roles.allow(["rds-db:connect"], [args.database.user_arn(budget_database.OWNER)]),
                    roles.allow(["secretsmanager:GetSecretValue"], [master_secret_arn]),
                    roles.allow(
                        ["secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"], caller_secret_arns
                    ),
                ],
                security_group_id=access.security_group_id,
                memory_mib=service.memory_mib,
                timeout_seconds=MIGRATION_SECONDS,
                concurrency=1,
                log_retention_days=service.log_retention_days,
                tags=self._tags,
            ),
            child,
        )
        api_environment = {
            **environment,
            "AI_BUDGET_ADMIN_TOKEN_SECRET_ARN": admin_tokens.arn,
            "AI_BUDGET_TRACK_QUEUE_URL": queue.url,
        }
        api_statements = [
            roles.allow(["rds-db:connect"], [args.database.user_arn(budget_database.API)]),
            roles.allow(["secretsmanager:GetSecretValue"], [admin_tokens.arn, *caller_secret_arns]),
            roles.allow(["sqs:SendMessage"], [queue.arn]),
        ]
        api = ServiceFunction(
            f"{name}-api",
            ServiceFunctionArgs(
                settings,
                name=service.name,
                description="The AI budget API, its queue and its schedules",
                code=args.code,
                handler=HANDLER,
                environment=api_environment,
                statements=[
                    *api_statements,
                    roles.allow(["ses:SendEmail"], sender_identities(settings, service.mail.sender)),
                    roles.allow(roles.QUEUE_ACTIONS, [queue.arn]),
                    roles.allow(["sqs:SendMessage"], [queues.failed_tasks.arn]),
                ],
                security_group_id=access.security_group_id,
                memory_mib=service.memory_mib,
                timeout_seconds=service.timeout_seconds,
                concurrency=service.reserved_concurrency,
                log_retention_days=service.log_retention_days,
                tags=self._tags,
            ),
            child,
        )
        self.migrated = self._migrate("pre", migrator, [*access.rules, args.database.instance])
        alias = api.live_alias(f"{name}-live", self, [self.migrated], "The version that serves requests")
        self._migrate("post", migrator, [alias])
        aws.lambda_.EventSourceMapping(
            f"{name}-consumer",
            event_source_arn=queue.arn,
            function_name=alias.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(
                maximum_concurrency=service.queue_concurrency
            ),
            tags=tags,
            opts=child,
        )
        TaskSchedules(
            f"{name}-tasks",
            TaskSchedulesArgs(
                name=service.name,
                description="AI budget service",
                alias=alias,
                failed_tasks=queues.failed_tasks,
                minutes={
                    "outbox": service.notification_interval_minutes,
                    "tidy": service.cleanup_interval_minutes,
                },
                tags=self._tags,
            ),
            child,
        )
        self.load_balancer = LoadBalancer(
            f"{name}-load-balancer",
            LoadBalancerArgs(settings, name=service.name, port=PORT, alias=alias, tags=self._tags),
            child,
        )
        pods = None
        if service.runtime == "kubernetes" and service.kubernetes:
            pods = BudgetPods(
                f"{name}-pods",
                BudgetPodsArgs(
                    settings,
                    service.kubernetes,
                    name=HOST,
                    role_name=f"{service.name}-pods",
                    port=PORT,
                    environment=api_environment,
                    statements=api_statements,
                    database=args.database,
                    tags=self._tags,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=[self.migrated]),
            )
        spec = pods.service() if pods else external_name(self.load_balancer.dns_name)
        self._declare_host(spec, [pods] if pods else [])
        AiBudgetAlarms(
            f"{name}-alarms",
            AiBudgetAlarmsArgs(
                settings,
                topic_arn=args.alarm_topic_arn,
                function_name=api.function.name,
                queue_name=queue.name,
                dead_letter_queue_name=queues.dead_letters.name,
                failed_tasks_queue_name=queues.failed_tasks.name,
                load_balancer_arn_suffix=self.load_balancer.arn_suffix,
            ),
            child,
        )
        self.url, self.https_url = f"http://{HOST}:{PORT}", https_url(settings)
        self.admin_token_secret_arn = admin_tokens.arn
        self.caller_secret_arns = callers.arns
        self.register_outputs({"url": self.url, "adminTokenSecretArn": self.admin_token_secret_arn})

    def _migrate(
        self, phase: str, migrator: ServiceFunction, depends_on: list[pulumi.Resource]
    ) -> aws.lambda_.Invocation:
        """Runs one phase of the migrations whenever the version of the migrator changes."""
        return aws.lambda_.Invocation(
            f"{self._name}-migrate-{phase}",
            function_name=migrator.function.name,
            qualifier=migrator.version,
            input=json.dumps({"task": "migrate", "phase": phase}),
            triggers={"version": migrator.version},
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )

    def _declare_host(self, spec: Any, depends_on: list[pulumi.Resource]) -> None:
        """The name under which pods reach the API; it moves to what serves it once that is there."""
        k8s.core.v1.Service(
            f"{self._name}-host",
            metadata={
                "name": HOST,
                "namespace": self._settings.cluster.namespace,
                "labels": self._tags.as_labels(),
            },
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )


def external_name(dns_name: pulumi.Output[str]) -> Any:
    """The spec of a Service that is another name of the load balancer."""
    ports = [{"name": "http", "port": PORT, "protocol": "TCP"}]
    return {"type": "ExternalName", "externalName": dns_name, "ports": ports}
