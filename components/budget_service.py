"""The AI budget service on AWS: its Lambda and what calls it, from the cluster's pods to its schedules."""

import json
from dataclasses import dataclass
from decimal import Decimal

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components import budget_database, function_package, function_role
from components.budget_service_alarms import AlarmsArgs, BudgetServiceAlarms
from components.internal_balancer import InternalBalancer, InternalBalancerArgs
from components.service_function import ServiceFunction, ServiceFunctionArgs
from components.settings import Settings
from components.task_schedules import TaskSchedules, TaskSchedulesArgs

PORT = 3010
HOST = "ai-budget"  # what the guide's curl calls, in the namespace of the services
HANDLER = "functions.ai_budget.lambda_handlers.handler"
ADAPTER = function_package.ROOT / function_package.PACKAGE / "aws.py"
ALIAS = "live"
FOURTEEN_DAYS = 1_209_600  # the longest that SQS keeps a message
MIGRATION_SECONDS = 900  # the longest that a Lambda runs
BATCH = 10


@dataclass(frozen=True)
class BudgetServiceArgs:
    settings: Settings
    code: pulumi.Archive
    database: budget_database.BudgetDatabase
    alarm_topic_arn: pulumi.Input[str]


class BudgetService(pulumi.ComponentResource):
    """`url` answers in the cluster only.

    New code serves once the database has its schema: the migrator, a function of its own with the same code,
    is invoked for the `pre` migrations whenever its version changes; then the alias, which everything calls,
    moves to the new version of the service; then come the `post` migrations. A function of its own has
    fifteen minutes, and is not refused when the service's concurrency is all busy.
    """

    url: str
    admin_token_secret_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: BudgetServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:budget_service:BudgetService", name, None, opts)
        settings, service = args.settings, args.settings.budget_service
        self._name, self._settings = name, settings
        self._tags = settings.tags(service.charge)
        tags, child = self._tags.as_tags(), pulumi.ResourceOptions(parent=self)
        admin_tokens = aws.secretsmanager.Secret(
            f"{name}-admin-tokens",
            name=f"{service.name}/admin-tokens",
            description="Admin tokens of the AI budget API, comma-separated; the value is put by hand",
            tags=tags,
            opts=child,
        )
        dead_letters, queue = self._queues()
        access, ways = self._network(args.database)
        database = {
            "AI_BUDGET_DATABASE_SECRET_ARN": args.database.secret_arn.apply(lambda arn: arn or ""),
            "AI_BUDGET_DATABASE_HOST": args.database.address,
            "AI_BUDGET_DATABASE_PORT": str(budget_database.PORT),
            "AI_BUDGET_DATABASE_NAME": budget_database.DATABASE,
        }
        secret_arn = database["AI_BUDGET_DATABASE_SECRET_ARN"]
        migrator = ServiceFunction(
            f"{name}-migrator",
            ServiceFunctionArgs(
                settings,
                name=f"{service.name}-migrator",
                description="Migrates the AI budget database before new code serves",
                code=args.code,
                handler=HANDLER,
                environment=database,
                statements=[function_role.allow(["secretsmanager:GetSecretValue"], [secret_arn])],
                security_group_id=access.id,
                memory_mib=service.memory_mib,
                timeout_seconds=MIGRATION_SECONDS,
                concurrency=1,
                tags=self._tags,
            ),
            child,
        )
        serving = ServiceFunction(
            f"{name}-api",
            ServiceFunctionArgs(
                settings,
                name=service.name,
                description="The AI budget API, its queue and its schedules",
                code=args.code,
                handler=HANDLER,
                environment={
                    **database,
                    "AI_BUDGET_ADMIN_TOKEN_SECRET_ARN": admin_tokens.arn,
                    "AI_BUDGET_TRACK_QUEUE_URL": queue.url,
                    "AI_BUDGET_CONFIG": service_config(settings),
                },
                statements=[
                    *function_role.statements(
                        ADAPTER,
                        {
                            "secretsmanager:GetSecretValue": [secret_arn, admin_tokens.arn],
                            "sqs:SendMessage": [queue.arn],
                            "ses:SendEmail": sender_identities(settings),
                        },
                    ),
                    function_role.allow(function_role.QUEUE_ACTIONS, [queue.arn]),
                ],
                security_group_id=access.id,
                memory_mib=service.memory_mib,
                timeout_seconds=service.timeout_seconds,
                concurrency=service.reserved_concurrency,
                tags=self._tags,
            ),
            child,
        )
        before = self._migrate("pre", migrator, [*ways, args.database.instance])
        alias = aws.lambda_.Alias(
            f"{name}-live",
            name=ALIAS,
            description="The version that serves",
            function_name=serving.function.name,
            function_version=serving.version,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[before]),
        )
        self._migrate("post", migrator, [alias])
        aws.lambda_.EventSourceMapping(
            f"{name}-consumer",
            event_source_arn=queue.arn,
            function_name=alias.arn,
            batch_size=BATCH,
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
                alias=alias,
                minutes={"outbox": service.outbox_minutes, "tidy": service.tidy_minutes},
                tags=self._tags,
            ),
            child,
        )
        balancer = InternalBalancer(
            f"{name}-entrance",
            InternalBalancerArgs(settings, name=service.name, port=PORT, alias=alias, tags=self._tags),
            child,
        )
        self._name_in_the_cluster(balancer.dns_name)
        BudgetServiceAlarms(
            f"{name}-alarms",
            AlarmsArgs(
                settings,
                topic_arn=args.alarm_topic_arn,
                function_name=serving.function.name,
                queue_name=queue.name,
                dead_letter_queue_name=dead_letters.name,
                balancer_arn_suffix=balancer.arn_suffix,
            ),
            child,
        )
        self.url = f"http://{HOST}:{PORT}"
        self.admin_token_secret_arn = admin_tokens.arn
        self.register_outputs({"url": self.url, "adminTokenSecretArn": self.admin_token_secret_arn})

    def _queues(self) -> tuple[aws.sqs.Queue, aws.sqs.Queue]:
        """The dead-letter queue, and the queue of tracked calls that could not be booked at once."""
        settings, service = self._settings, self._settings.budget_service
        tags, child = self._tags.as_tags(), pulumi.ResourceOptions(parent=self)
        names = {"queue": f"{service.name}-tracks", "dead": f"{service.name}-dead-letters"}
        arn = f"arn:aws:sqs:{settings.region}:{settings.account_id}:{names['queue']}"
        dead_letters = aws.sqs.Queue(
            f"{self._name}-dead-letters",
            name=names["dead"],
            message_retention_seconds=FOURTEEN_DAYS,
            sqs_managed_sse_enabled=True,
            redrive_allow_policy=json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn]}),
            tags=tags,
            opts=child,
        )
        redrive = {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": service.max_receives}
        queue = aws.sqs.Queue(
            f"{self._name}-tracks",
            name=names["queue"],
            message_retention_seconds=FOURTEEN_DAYS,
            visibility_timeout_seconds=service.visibility_timeout_seconds,
            sqs_managed_sse_enabled=True,
            redrive_policy=pulumi.Output.json_dumps(redrive),
            tags=tags,
            opts=child,
        )
        return dead_letters, queue

    def _network(
        self, database: budget_database.BudgetDatabase
    ) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """The functions' security group, and the rules that let them reach the database and AWS's APIs.

        Nothing reaches a function: Lambda invokes it from outside the VPC.
        """
        name, tags, child = self._name, self._tags.as_tags(), pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-access",
            name=f"{self._settings.budget_service.name}-functions",
            description="The functions of the AI budget service",
            vpc_id=self._settings.network.vpc_id,
            tags=tags,
            opts=child,
        )
        return group, [
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-database-from-functions",
                security_group_id=database.security_group_id,
                referenced_security_group_id=group.id,
                ip_protocol="tcp",
                from_port=budget_database.PORT,
                to_port=budget_database.PORT,
                description="PostgreSQL from the functions",
                tags=tags,
                opts=child,
            ),
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-access-to-database",
                security_group_id=group.id,
                referenced_security_group_id=database.security_group_id,
                ip_protocol="tcp",
                from_port=budget_database.PORT,
                to_port=budget_database.PORT,
                description="PostgreSQL",
                tags=tags,
                opts=child,
            ),
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-access-to-aws",
                security_group_id=group.id,
                cidr_ipv4="0.0.0.0/0",
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                description="Secrets Manager, SQS and SES, through the VPC's own endpoints or NAT",
                tags=tags,
                opts=child,
            ),
        ]

    def _migrate(
        self, phase: str, migrator: ServiceFunction, after: list[pulumi.Resource]
    ) -> aws.lambda_.Invocation:
        """Runs one phase of the migrations, anew for each version of the migrator; fails if it does."""
        return aws.lambda_.Invocation(
            f"{self._name}-migrate-{phase}",
            function_name=migrator.function.name,
            qualifier=migrator.version,
            input=json.dumps({"task": "migrate", "phase": phase}),
            triggers={"version": migrator.version},
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _name_in_the_cluster(self, balancer: pulumi.Output[str]) -> None:
        k8s.core.v1.Service(
            f"{self._name}-host",
            metadata={
                "name": HOST,
                "namespace": self._settings.cluster.namespace,
                "labels": self._tags.as_labels(),
            },
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ExternalName",
                external_name=balancer,
                ports=[k8s.core.v1.ServicePortArgs(name="http", port=PORT, protocol="TCP")],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def service_config(settings: Settings) -> str:
    """The configuration file of the service (TOML): what a new tenant gets, and who is written to."""
    new, mail = settings.ai_budget, settings.budget_service.mail
    return "\n".join(
        [
            f"default_model = {json.dumps(new.model)}",
            f"default_monthly_limit_usd = {_plain(new.default_limit)}",
            "[notifications]",
            f"sender = {json.dumps(mail.sender)}",
            f"tenant_admin = {json.dumps(mail.tenant_admin)}",
            f"account_manager = {json.dumps(mail.account_manager)}",
            "",
        ]
    )


def sender_identities(settings: Settings) -> list[str]:
    """The SES identities that the sender may be verified as: the address itself, or its domain."""
    sender = settings.budget_service.mail.sender
    prefix = f"arn:aws:ses:{settings.region}:{settings.account_id}:identity"
    return [f"{prefix}/{identity}" for identity in (sender, sender.partition("@")[2])]


def _plain(amount: Decimal) -> str:
    """TOML takes no exponent without a sign or digits of its own; this has none."""
    return f"{amount:f}"
