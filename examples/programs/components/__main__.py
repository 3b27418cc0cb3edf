"""Components with aliases, a transformation and a default for all children."""

import pulumi
import pulumi_aws as aws


class Storage(pulumi.ComponentResource):
    def __init__(self, name: str, *, days: int, opts: pulumi.ResourceOptions | None = None):
        super().__init__("acme:storage:Storage", name, {}, opts)
        below = pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name=f"{name}-old")])
        lifecycle = {
            "enabled": True,
            "expiration": {"days": days},
            "abort_incomplete_multipart_upload_days": 7,
        }
        self.bucket = aws.s3.Bucket(f"{name}-files", lifecycle_rules=[lifecycle], opts=below)
        aws.cloudwatch.LogGroup(
            f"{name}-logs", retention_in_days=days, opts=pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({"bucket": self.bucket.id})


def with_owner(arguments: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if arguments.type_ != "aws:s3/bucket:Bucket":
        return None
    props = {**arguments.props, "tags": {"owner": "storage"}}
    return pulumi.ResourceTransformResult(props=props, opts=arguments.opts)


pulumi.runtime.register_resource_transform(with_owner)
for team in ("shop", "search"):
    Storage(team, days=30, opts=pulumi.ResourceOptions(protect=team == "shop"))
