"""The AWS service that people know a resource type by."""

from __future__ import annotations

# By the module of the type: `rds` of `aws:rds/instance:Instance`.
_BY_MODULE = {
    "alb": "Load balancers", "lb": "Load balancers", "elb": "Load balancers",
    "apigateway": "API Gateway", "apigatewayv2": "API Gateway", "autoscaling": "EC2", "budgets": "Budgets",
    "cfg": "Config", "cloudwatch": "CloudWatch", "costexplorer": "Cost Explorer", "dynamodb": "DynamoDB",
    "ebs": "EBS", "ec2": "EC2 and VPC", "ecr": "ECR", "ecs": "ECS", "efs": "EFS", "eks": "EKS",
    "elasticache": "ElastiCache", "iam": "IAM", "kms": "KMS", "lambda": "Lambda", "msk": "MSK",
    "opensearch": "OpenSearch", "rds": "RDS", "route53": "Route 53", "s3": "S3", "scheduler": "EventBridge",
    "secretsmanager": "Secrets Manager", "sfn": "Step Functions", "sns": "SNS", "sqs": "SQS", "wafv2": "WAF",
}  # fmt: skip
# Types that have a larger share of a bill than the rest of their module.
_BY_TYPE = {
    "aws:ec2/natGateway:NatGateway": "NAT gateways",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "VPC endpoints",
    "aws:ec2/eip:Eip": "Public IPv4",
    "aws:ec2/instance:Instance": "EC2",
    "aws:eks/nodeGroup:NodeGroup": "EKS nodes",
}


def service_name(type_token: str) -> str:
    """`aws:rds/instance:Instance` is `RDS`; a module that is not in the table is named as it is."""
    if type_token in _BY_TYPE:
        return _BY_TYPE[type_token]
    package, _, rest = type_token.partition(":")
    if package == "kubernetes":
        return "Kubernetes"
    module = rest.split("/", 1)[0].split(":", 1)[0]
    return _BY_MODULE.get(module, module or package)
