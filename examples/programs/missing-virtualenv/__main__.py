"""Pulumi.yaml names a virtual environment that was not created."""

import pulumi_aws as aws

aws.kms.Key("data", enable_key_rotation=True)
