"""The PostgreSQL database of the AI budget service on RDS, with WAL settings that cannot fill its disk."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.settings import database as settings_database
from teei_finops.aws_limits import rds_parameters

PORT = 5432
DATABASE = "ai_budget"
# The roles of functions/ai_budget/sql/roles.sql.
OWNER, API, COST_DATA, REPORTS = "ai_budget_owner", "ai_budget_api", "cost_data", "reports"
LOGS = ("postgresql", "upgrade")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class AiBudgetDatabaseArgs:
    settings: Settings
    alarm_topic_arn: pulumi.Input[str]


class AiBudgetDatabase(pulumi.ComponentResource):
    """The instance, its parameters, log groups and alarms.

    Its security group has no ingress rules; each client of the database adds a rule for its own group.

    WAL archiving needs no setting: RDS uploads WAL to S3 every five minutes, and `backup_retention_days` is
    how far back a point-in-time restore reaches
    (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html).
    """

    instance: aws.rds.Instance
    address: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    secret_arn: pulumi.Output[str | None]

    def __init__(
        self, name: str, args: AiBudgetDatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:ai_budget:AiBudgetDatabase", name, None, opts)
        self._settings = args.settings
        settings, network = args.settings.database, args.settings.network
        tags = args.settings.tags(settings.cost_allocation).as_tags()
        child = pulumi.ResourceOptions(parent=self)
        subnets = aws.rds.SubnetGroup(
            f"{name}-subnets",
            name=settings.identifier,
            subnet_ids=list(network.private_subnet_ids),
            tags=tags,
            opts=child,
        )
        security_group = aws.ec2.SecurityGroup(
            f"{name}-access",
            name=settings.identifier,
            description="PostgreSQL of the AI budget service",
            vpc_id=network.vpc_id,
            tags=tags,
            opts=child,
        )
        parameter_group = aws.rds.ParameterGroup(
            f"{name}-parameters",
            name=f"{settings.identifier}-pg{settings.engine_version}",
            family=family_of(settings),
            description="WAL settings of the AI budget database",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(name=key, value=value, apply_method=method)
                for key, value, method in parameters(settings)
            ],
            tags=tags,
            opts=child,
        )
        log_groups = [
            aws.cloudwatch.LogGroup(
                f"{name}-logs-{log}",
                name=f"/aws/rds/instance/{settings.identifier}/{log}",
                retention_in_days=settings.log_retention_days,
                tags=tags,
                opts=child,
            )
            for log in LOGS
        ]
        self.instance = aws.rds.Instance(
            f"{name}-instance",
            identifier=settings.identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            allow_major_version_upgrade=settings.major_version_upgrade or None,
            apply_immediately=settings.major_version_upgrade or None,
            instance_class=settings.instance_class,
            storage_type="gp3",
            allocated_storage=settings.storage_gib,
            max_allocated_storage=settings.max_storage_gib,
            storage_encrypted=True,
            db_name=DATABASE,
            username="postgres",
            manage_master_user_password=True,
            iam_database_authentication_enabled=True,
            port=PORT,
            publicly_accessible=False,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[security_group.id],
            multi_az=settings.multi_az,
            parameter_group_name=parameter_group.name,
            backup_retention_period=settings.backup_retention_days,
            backup_window="02:00-02:30",
            maintenance_window="sun:03:00-sun:04:00",
            copy_tags_to_snapshot=True,
            deletion_protection=settings.deletion_protection,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=f"{settings.identifier}-final" if settings.final_snapshot else None,
            delete_automated_backups=True,
            auto_minor_version_upgrade=True,
            performance_insights_enabled=True,
            performance_insights_retention_period=7,
            enabled_cloudwatch_logs_exports=list(LOGS),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect, depends_on=log_groups),
        )
        self._declare_alarms(name, settings, args.alarm_topic_arn, tags)
        self.address = self.instance.address
        self.security_group_id = security_group.id
        self.secret_arn = self.instance.master_user_secrets.apply(
            lambda secrets: secrets[0].secret_arn if secrets else None
        )
        self.register_outputs({"address": self.address, "secretArn": self.secret_arn})

    def user_arn(self, user: str) -> pulumi.Output[str]:
        """A user of the database, as IAM policies name it."""
        place = f"arn:aws:rds-db:{self._settings.region}:{self._settings.account_id}:dbuser:"
        return pulumi.Output.concat(place, self.instance.resource_id, f"/{user}")

    def _declare_alarms(
        self,
        name: str,
        settings: settings_database.Database,
        topic_arn: pulumi.Input[str],
        tags: dict[str, str],
    ) -> None:
        """The metrics of RDS for PostgreSQL are in bytes; the lag has no data while there is no slot.

        docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
        """
        limits = settings.alarms
        free, lag, wal = limits.free_storage_gib_below, limits.slot_lag_mib_above, limits.wal_mib_above
        alarms = (
            ("free-storage", "FreeStorageSpace", "LessThan", free * 1024 * _MIB, "missing"),
            ("slot-lag", "OldestReplicationSlotLag", "GreaterThan", lag * _MIB, "notBreaching"),
            ("wal-size", "TransactionLogsDiskUsage", "GreaterThan", wal * _MIB, "missing"),
        )
        for alarm, metric, comparison, threshold, missing in alarms:
            aws.cloudwatch.MetricAlarm(
                f"{name}-{alarm}",
                name=f"{settings.identifier}-{alarm}",
                alarm_description=f"See docs/runbook.md#database-{alarm}",
                namespace="AWS/RDS",
                metric_name=metric,
                dimensions={"DBInstanceIdentifier": self.instance.identifier},
                statistic="Minimum" if comparison == "LessThan" else "Maximum",
                comparison_operator=f"{comparison}Threshold",
                threshold=threshold,
                period=300,
                evaluation_periods=3,
                treat_missing_data=missing,
                alarm_actions=[topic_arn],
                ok_actions=[topic_arn],
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self),
            )


def parameters(settings: settings_database.Database) -> tuple[tuple[str, str, str], ...]:
    """Name, value and apply method of each parameter; sizes are in MB, the unit of RDS.

    Static parameters take effect at the next restart, dynamic ones immediately
    (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html). What
    RDS has by default is left out, because some of it would differ in every preview.
    """
    required = (
        ("wal_keep_size", str(settings.wal_keep_size_mib), "immediate"),
        ("max_slot_wal_keep_size", str(settings.max_slot_wal_keep_size_mib), "immediate"),
        ("wal_compression", settings.wal_compression, "immediate"),
        ("rds.force_ssl", "1", "immediate"),
        ("shared_preload_libraries", "pg_stat_statements", "pending-reboot"),
    )
    family = family_of(settings)
    return tuple(item for item in required if not rds_parameters.is_default(family, item[0], item[1]))


def family_of(settings: settings_database.Database) -> str:
    return f"postgres{settings.engine_version}"
