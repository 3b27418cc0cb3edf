"""Configuration from a Pulumi ESC environment, of which the definition is a file."""

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
aws.rds.Instance(
    "orders",
    engine="mysql",
    instance_class=config.require("size"),
    allocated_storage=config.require_int("storage"),
    storage_type="gp3",
    backup_retention_period=7,
    username="app",
    password=config.require_secret("password"),
    skip_final_snapshot=True,
)
