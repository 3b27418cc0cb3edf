"""Resources of others: a role by its ARN, a queue by its ARN, a bucket by its name, a listener, a key."""

import pulumi
import pulumi_aws as aws

arn = "arn:aws:{}:eu-west-1:210987654321:{}".format
function = aws.lambda_.Function(
    "worker",
    role="arn:aws:iam::210987654321:role/platform/worker",
    runtime=aws.lambda_.Runtime.PYTHON3D12,
    handler="worker.handler",
    code=pulumi.AssetArchive({"worker.py": pulumi.StringAsset("def handler(event, context): ...")}),
    kms_key_arn=arn("kms", "key/1234"),
    vpc_config={"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0c2d"]},
)
aws.lambda_.EventSourceMapping("jobs", event_source_arn=arn("sqs", "jobs"), function_name=function.name)
aws.s3.BucketNotification(
    "uploads",
    bucket="uploads-of-another-team",
    lambda_functions=[{"lambda_function_arn": function.arn, "events": ["s3:ObjectCreated:*"]}],
)
aws.lb.ListenerRule(
    "app",
    listener_arn=arn("elasticloadbalancing", "listener/app/shared/50dc/f2f7"),
    conditions=[{"path_pattern": {"values": ["/app/*"]}}],
    actions=[{"type": "forward", "target_group_arn": arn("elasticloadbalancing", "targetgroup/app/73e2")}],
)
aws.sns.TopicSubscription("alerts", topic=arn("sns", "alerts"), protocol="lambda", endpoint=function.arn)
