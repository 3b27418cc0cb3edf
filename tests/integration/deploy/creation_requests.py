"""What the AWS provider asks AWS for when it creates the resources of a stack."""

from collections.abc import Iterable, Iterator
from typing import Any

Resource = dict[str, Any]
# What the AWS provider asks to create a resource, where the ARN of the resource is the one asked about.
_ACTIONS = {
    "aws:bcmdata/export:Export": "bcm-data-exports:CreateExport",
    "aws:budgets/budget:Budget": "budgets:ModifyBudget",
    "aws:cloudwatch/eventRule:EventRule": "events:PutRule",
    "aws:cloudwatch/logGroup:LogGroup": "logs:CreateLogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:PutMetricAlarm",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": "ce:CreateAnomalyMonitor",
    "aws:costexplorer/anomalySubscription:AnomalySubscription": "ce:CreateAnomalySubscription",
    "aws:costexplorer/costAllocationTag:CostAllocationTag": "ce:UpdateCostAllocationTagsStatus",
    "aws:ec2/securityGroup:SecurityGroup": "ec2:CreateSecurityGroup",
    "aws:iam/role:Role": "iam:CreateRole",
    "aws:lambda/alias:Alias": "lambda:CreateAlias",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "lambda:CreateEventSourceMapping",
    "aws:lambda/function:Function": "lambda:CreateFunction",
    "aws:lb/listener:Listener": "elasticloadbalancing:CreateListener",
    "aws:lb/loadBalancer:LoadBalancer": "elasticloadbalancing:CreateLoadBalancer",
    "aws:lb/targetGroup:TargetGroup": "elasticloadbalancing:CreateTargetGroup",
    "aws:rds/instance:Instance": "rds:CreateDBInstance",
    "aws:rds/parameterGroup:ParameterGroup": "rds:CreateDBParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup": "rds:CreateDBSubnetGroup",
    "aws:s3/bucket:Bucket": "s3:CreateBucket",
    "aws:secretsmanager/secret:Secret": "secretsmanager:CreateSecret",
    "aws:sns/topic:Topic": "sns:CreateTopic",
    "aws:sns/topicPolicy:TopicPolicy": "sns:SetTopicAttributes",
    "aws:sqs/queue:Queue": "sqs:CreateQueue",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "ec2:AuthorizeSecurityGroupEgress",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ec2:AuthorizeSecurityGroupIngress",
}
# A part of another resource, whose ARN is the one asked about.
_PARTS = {
    "aws:cloudwatch/eventTarget:EventTarget": "events:PutTargets",
    "aws:iam/rolePolicy:RolePolicy": "iam:PutRolePolicy",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "lambda:PutFunctionEventInvokeConfig",
    "aws:lambda/invocation:Invocation": "lambda:InvokeFunction",
    "aws:lambda/permission:Permission": "lambda:AddPermission",
    "aws:lb/listenerRule:ListenerRule": "elasticloadbalancing:CreateRule",
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": "elasticloadbalancing:RegisterTargets",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging": "s3:PutBucketLogging",
    "aws:s3/bucketPolicy:BucketPolicy": "s3:PutBucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
        "s3:PutEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning": "s3:PutBucketVersioning",
    "aws:sns/topicSubscription:TopicSubscription": "sns:Subscribe",
    "aws:sqs/queuePolicy:QueuePolicy": "sqs:SetQueueAttributes",
}  # fmt: skip
_PARENTS = (
    "bucket", "function", "functionName", "listenerArn", "queueUrl", "role", "rule", "targetGroupArn",
    "topic",
)  # fmt: skip


def creation_requests(resources: Iterable[Resource]) -> Iterator[tuple[str, str]]:
    """(action, ARN) of a request for each AWS resource of a stack's state."""
    resources = [resource for resource in resources if resource["type"].startswith("aws:")]
    services = {resource["type"].partition("/")[0] for resource in resources}
    known = {
        service: _arns(resource for resource in resources if resource["type"].startswith(f"{service}/"))
        for service in services
    }
    for resource in resources:
        if resource["type"] in _ACTIONS:
            yield _ACTIONS[resource["type"]], resource["outputs"].get("arn", "*")
        else:
            assert resource["type"] in _PARTS, f"{resource['type']}: add what its creation asks AWS for"
            parent = next(resource["inputs"][key] for key in _PARENTS if key in resource["inputs"])
            yield _PARTS[resource["type"]], known[resource["type"].partition("/")[0]][parent]


def _arns(resources: Iterable[Resource]) -> dict[str | None, str]:
    """The ARN of each resource by its name, and by itself."""
    known: dict[str | None, str] = {}
    for resource in resources:
        arn = resource.get("outputs", {}).get("arn")
        if arn and resource["type"] in _ACTIONS:
            known |= {resource["id"]: arn, resource["inputs"].get("name"): arn, arn: arn}
    return known
