"""The names of Cost Explorer, by which AWS Budgets filters costs too.

A budget with a name that Cost Explorer does not have is created without an error and counts nothing.
"""

# Service name → code of the price list, None where the cost review has no prices of the service.
# The names are the values of the dimension SERVICE as published responses of `aws ce get-dimension-values
# --dimension SERVICE` show them, 2026-11; AWS returns those that the account has used and publishes no list.
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetDimensionValues.html
SERVICES: dict[str, str | None] = {
    "AWS Amplify": "AWSAmplify",
    "AWS App Runner": "AWSAppRunner",
    "AWS AppSync": "AWSAppSync",
    "AWS Backup": "AWSBackup",
    "AWS Budgets": "AWSBudgets",
    "AWS Certificate Manager": "AWSCertificateManager",
    "AWS CloudFormation": "AWSCloudFormation",
    "AWS CloudShell": None,
    "AWS CloudTrail": "AWSCloudTrail",
    "AWS CodeArtifact": "AWSCodeArtifact",
    "AWS CodeCommit": None,
    "AWS CodePipeline": "AWSCodePipeline",
    "AWS Config": "AWSConfig",
    "AWS Cost Explorer": "AWSCostExplorer",
    "AWS Database Migration Service": "AWSDatabaseMigrationSvc",
    "AWS DataSync": "AWSDataSync",
    "AWS Direct Connect": "AWSDirectConnect",
    "AWS Directory Service": "AWSDirectoryService",
    "AWS Global Accelerator": "AWSGlobalAccelerator",
    "AWS Glue": "AWSGlue",
    "AWS IoT": None,
    "AWS Key Management Service": "awskms",
    "AWS Lambda": "AWSLambda",
    "AWS Network Firewall": "AWSNetworkFirewall",
    "AWS Secrets Manager": "AWSSecretsManager",
    "AWS Security Hub": "AWSSecurityHub",
    "AWS Service Catalog": None,
    "AWS Shield": "AWSShield",
    "AWS Step Functions": "AmazonStates",
    "AWS Support (Business)": None,
    "AWS Support (Developer)": None,
    "AWS Support (Enterprise)": None,
    "AWS Systems Manager": "AWSSystemsManager",
    "AWS Transfer Family": "AWSTransfer",
    "AWS WAF": "awswaf",
    "AWS X-Ray": "AWSXRay",
    "Amazon API Gateway": "AmazonApiGateway",
    "Amazon Athena": "AmazonAthena",
    "Amazon Bedrock": None,
    "Amazon CloudFront": "AmazonCloudFront",
    "Amazon Cognito": "AmazonCognito",
    "Amazon Comprehend": None,
    "Amazon Connect": None,
    "Amazon Detective": "AmazonDetective",
    "Amazon DevOps Guru": None,
    "Amazon DocumentDB (with MongoDB compatibility)": "AmazonDocDB",
    "Amazon DynamoDB": "AmazonDynamoDB",
    "Amazon EC2 Container Registry (ECR)": "AmazonECR",
    "Amazon ElastiCache": "AmazonElastiCache",
    "Amazon Elastic Compute Cloud - Compute": "AmazonEC2",
    "Amazon Elastic Container Service": "AmazonECS",
    "Amazon Elastic Container Service for Kubernetes": "AmazonEKS",
    "Amazon Elastic File System": "AmazonEFS",
    "Amazon Elastic Load Balancing": "ElasticLoadBalancing",
    "Amazon Elastic MapReduce": None,
    "Amazon FSx": "AmazonFSx",
    "Amazon GuardDuty": "AmazonGuardDuty",
    "Amazon Inspector": "AmazonInspectorV2",
    "Amazon Kinesis": "AmazonKinesis",
    "Amazon Kinesis Firehose": None,
    "Amazon Lex": None,
    "Amazon Lightsail": "AmazonLightsail",
    "Amazon Location Service": None,
    "Amazon MQ": "AmazonMQ",
    "Amazon Macie": "AmazonMacie",
    "Amazon Managed Grafana": "AmazonGrafana",
    "Amazon Managed Streaming for Apache Kafka": "AmazonMSK",
    "Amazon Managed Workflows for Apache Airflow": "AmazonMWAA",
    "Amazon Neptune": "AmazonNeptune",
    "Amazon OpenSearch Service": "AmazonES",
    "Amazon Personalize": None,
    "Amazon Pinpoint": None,
    "Amazon QuickSight": None,
    "Amazon Redshift": "AmazonRedshift",
    "Amazon Registrar": None,
    "Amazon Relational Database Service": "AmazonRDS",
    "Amazon Route 53": "AmazonRoute53",
    "Amazon SageMaker": "AmazonSageMaker",
    "Amazon Simple Email Service": "AmazonSES",
    "Amazon Simple Notification Service": "AmazonSNS",
    "Amazon Simple Queue Service": "AWSQueueService",
    "Amazon Simple Storage Service": "AmazonS3",
    "Amazon SimpleDB": None,
    "Amazon Textract": None,
    "Amazon Timestream": "AmazonTimestream",
    "Amazon Virtual Private Cloud": "AmazonVPC",
    "AmazonCloudWatch": "AmazonCloudWatch",
    "CloudWatch Events": "AWSEvents",
    "CodeBuild": "CodeBuild",
    "EC2 - Other": "AmazonEC2",
    "Red Hat OpenShift Service on AWS": None,
    "Savings Plans for AWS Compute usage": None,
}
# Models that AWS bills as a service of their own, each "<model> (Amazon Bedrock Edition)"; the same source.
BEDROCK_MODELS = (
    "Claude", "Claude Instant",
    "Claude 3 Haiku", "Claude 3 Sonnet", "Claude 3 Opus",
    "Claude 3.5 Haiku", "Claude 3.5 Sonnet", "Claude 3.5 Sonnet v2", "Claude 3.7 Sonnet",
    "Claude Sonnet 4", "Claude Opus 4", "Claude Opus 4.1", "Claude Sonnet 4.5", "Claude Haiku 4.5",
    "Claude Opus 4.5", "Claude Sonnet 4.6", "Claude Opus 4.6", "Claude Opus 4.8", "Claude Opus 5",
    "Cohere Embed Model 3 - Multilingual", "Cohere Embed 4 Model", "Cohere Rerank v3.5",
)  # fmt: skip
SERVICES |= {f"{model} (Amazon Bedrock Edition)": None for model in BEDROCK_MODELS}

# Service → names of its groups of usage types.
# https://docs.aws.amazon.com/cost-management/latest/userguide/ce-filtering.html, 2026-11
_USAGE_TYPE_GROUPS = {
    "DDB": (
        "Data Transfer - Internet (In)", "Data Transfer - Internet (Out)", "Indexed Data Storage",
        "Provisioned Throughput Capacity - Read", "Provisioned Throughput Capacity - Write",
    ),
    "EC2": (
        "CloudWatch - Alarms", "CloudWatch - Metrics", "CloudWatch - Requests",
        "Data Transfer - CloudFront (In)", "Data Transfer - CloudFront (Out)", "Data Transfer - Inter AZ",
        "Data Transfer - Internet (In)", "Data Transfer - Internet (Out)",
        "Data Transfer - Region to Region (In)", "Data Transfer - Region to Region (Out)",
        "EBS - I/O Requests", "EBS - Magnetic", "EBS - Optimized", "EBS - Provisioned IOPS",
        "EBS - SSD(gp2)", "EBS - SSD(io1)", "EBS - Snapshots", "ELB - Running Hours",
        "Elastic IP - Additional Address", "Elastic IP - Idle Address",
        "NAT Gateway - Data Processed", "NAT Gateway - Running Hours", "Running Hours",
    ),
    "ElastiCache": ("Running Hours", "Storage"),
    "RDS": (
        "Data Transfer – CloudFront – In", "Data Transfer – CloudFront – Out",
        "Data Transfer – Direct Connect Locations – In", "Data Transfer – Direct Connect Locations – Out",
        "Data Transfer – InterAZ", "Data Transfer – Internet – In", "Data Transfer – Internet – Out",
        "Data Transfer – Region to Region – In", "Data Transfer – Region to Region – Out",
        "I/O Requests", "Provisioned IOPS", "Running Hours", "Storage",
    ),
    "Redshift": ("DataScanned", "Running Hours"),
    "S3": (
        "API Requests - Standard", "Data Transfer - CloudFront (In)", "Data Transfer - CloudFront (Out)",
        "Data Transfer - Inter AZ", "Data Transfer - Internet (In)", "Data Transfer - Internet (Out)",
        "Data Transfer - Region to Region (In)", "Data Transfer - Region to Region (Out)",
        "Storage - Standard",
    ),
}  # fmt: skip
USAGE_TYPE_GROUPS = tuple(
    f"{service}: {group}" for service, groups in _USAGE_TYPE_GROUPS.items() for group in groups
)

# Matches a value of a filter `TagKeyValue`; tags that AWS sets itself have the prefix `aws:`.
TAG_FILTER = r"(user|aws):[^$]{1,128}\$.{0,256}"


def tag_filter(key: str, value: str) -> str:
    """The value of a filter `TagKeyValue` for a cost allocation tag that the user set.

    Source: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html,
    CostFilters; the form `user:KEY$VALUE` is what the console writes there, 2026-11.
    """
    return f"user:{key}${value}"
