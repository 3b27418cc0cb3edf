"""One provider for each Region, with default tags, in two accounts."""

import pulumi
import pulumi_aws as aws

for region, account in {"eu-central-1": "111111111111", "us-west-2": "222222222222"}.items():
    provider = aws.Provider(
        region,
        region=region,
        allowed_account_ids=[account],
        assume_roles=[{"role_arn": f"arn:aws:iam::{account}:role/deploy"}],
        default_tags={"tags": {"team": "finops"}},
    )
    there = pulumi.ResourceOptions(provider=provider)
    aws.ec2.Eip(f"{region}-egress", domain="vpc", opts=there)
    aws.ec2.NatGateway(f"{region}-egress", subnet_id="subnet-a", allocation_id="eipalloc-a", opts=there)
caller = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider))
pulumi.export("account", caller.account_id)
