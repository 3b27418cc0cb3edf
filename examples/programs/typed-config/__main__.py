"""Configuration as objects, numbers and secrets, with defaults in Pulumi.yaml."""

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
for volume in config.require_object("volumes"):
    aws.ebs.Volume(
        volume["name"], availability_zone="us-east-1a", size=volume["gb"], type=config.require("kind")
    )
aws.secretsmanager.SecretVersion(
    "token", secret_id="arn:aws:secretsmanager:us-east-1:1:secret:a", secret_string=config.get_secret("token")
)
pulumi.export("encrypted", config.get_bool("encrypted"))
