"""A cluster of databases whose address goes into a secret and a parameter."""

import json

import pulumi
import pulumi_aws as aws

cluster = aws.rds.Cluster(
    "orders",
    engine=aws.rds.EngineType.AURORA_POSTGRESQL,
    engine_version="16.4",
    master_username="app",
    manage_master_user_password=True,
    backup_retention_period=7,
    skip_final_snapshot=True,
)
for index in range(2):
    aws.rds.ClusterInstance(
        f"orders-{index}",
        cluster_identifier=cluster.id,
        engine=cluster.engine,
        instance_class="db.r7g.large",
    )
secret = aws.secretsmanager.Secret("orders")
address = pulumi.Output.all(host=cluster.endpoint, port=cluster.port)
aws.secretsmanager.SecretVersion("orders", secret_id=secret.id, secret_string=address.apply(json.dumps))
master = cluster.master_user_secrets[0].secret_arn
aws.ssm.Parameter("master", name="/orders/master", type="String", value=master)
