"""RDS for PostgreSQL, Aurora, ElastiCache and OpenSearch."""

import pulumi
import pulumi_aws as aws
from settings import Settings


class Databases(pulumi.ComponentResource):
    def __init__(
        self, name: str, settings: Settings, subnet_ids, group_id, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("platform:databases:Databases", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags("databases", team="data", data_class="confidential")
        subnets = aws.rds.SubnetGroup(f"{name}-subnets", subnet_ids=subnet_ids, tags=tags, opts=child)
        parameters = aws.rds.ParameterGroup(
            f"{name}-postgres",
            family="postgres17",
            tags=tags,
            opts=child,
            parameters=[{"name": "max_slot_wal_keep_size", "value": "20480", "apply_method": "immediate"}],
        )
        for database, size in settings.databases.items():
            aws.rds.Instance(
                f"{name}-{database}",
                engine="postgres",
                engine_version="17.6",
                instance_class=size["class"],
                allocated_storage=size["gb"],
                storage_type="gp3",
                storage_encrypted=True,
                multi_az=True,
                db_subnet_group_name=subnets.name,
                vpc_security_group_ids=[group_id],
                parameter_group_name=parameters.name,
                backup_retention_period=7,
                deletion_protection=True,
                manage_master_user_password=True,
                username="platform",
                final_snapshot_identifier=f"{name}-{database}",
                iam_database_authentication_enabled=True,
                performance_insights_enabled=True,
                publicly_accessible=False,
                tags=tags,
                opts=child,
            )
        events = aws.rds.Cluster(
            f"{name}-events",
            engine="aurora-postgresql",
            engine_version="17.5",
            storage_encrypted=True,
            backup_retention_period=7,
            deletion_protection=True,
            manage_master_user_password=True,
            master_username="platform",
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group_id],
            final_snapshot_identifier=f"{name}-events",
            tags=tags,
            opts=child,
        )
        for index in range(settings.aurora["instances"]):
            aws.rds.ClusterInstance(
                f"{name}-events-{index + 1}",
                cluster_identifier=events.id,
                engine="aurora-postgresql",
                instance_class=settings.aurora["class"],
                publicly_accessible=False,
                tags=tags,
                opts=child,
            )
        cache_subnets = aws.elasticache.SubnetGroup(
            f"{name}-cache", subnet_ids=subnet_ids, tags=tags, opts=child
        )
        aws.elasticache.ReplicationGroup(
            f"{name}-cache",
            description="Sessions and report fragments",
            engine="redis",
            engine_version="7.1",
            node_type=settings.cache["type"],
            num_node_groups=settings.cache["shards"],
            replicas_per_node_group=settings.cache["replicas"],
            automatic_failover_enabled=True,
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
            subnet_group_name=cache_subnets.name,
            security_group_ids=[group_id],
            tags=tags,
            opts=child,
        )
        aws.opensearch.Domain(
            f"{name}-search",
            engine_version="OpenSearch_2.19",
            tags=tags,
            opts=child,
            cluster_config={
                "instance_type": settings.search["type"],
                "instance_count": settings.search["instances"],
                "zone_awareness_enabled": True,
                "zone_awareness_config": {"availability_zone_count": 3},
            },
            ebs_options=volumes(settings.search["gb"]),
            encrypt_at_rest={"enabled": True},
            node_to_node_encryption={"enabled": True},
        )
        self.register_outputs({})


def volumes(gb: int) -> dict:
    """The EBS volume of a search node; 0 for instance types with local disks."""
    return {"ebs_enabled": True, "volume_type": "gp3", "volume_size": gb} if gb else {"ebs_enabled": False}
