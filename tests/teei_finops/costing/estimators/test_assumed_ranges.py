"""What a resource is taken to use when no profile says anything: each range, and that it says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import D, estimate_of, price

DAYS = D(730) / 24
WEEKS = D(365) / 12 / 7
Ends = tuple[D | int | str, D | int | str, D | int | str]
# (service, family, key[, Region of the price]) → quantities in the price's own unit.
CASES: list[tuple[str, dict[str, Any], dict[tuple[str, ...], Ends]]] = [
    (
        "aws:lambda/function:Function",
        {"memorySize": 1024, "timeout": 60},
        {
            ("AWSLambda", "x86", "requests"): (0, 1, 10),
            ("AWSLambda", "x86", "gb-second"): (0, 250_000, 30_000_000),
        },
    ),
    ("aws:sns/topic:Topic", {}, {("AmazonSNS", "standard", "requests"): (0, 1, 10)}),
    (
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": "arn:aws:sns:us-east-1:1:t", "protocol": "email"},
        {("AmazonSNS", "delivery", "email"): (0, "0.001", "0.01")},
    ),
    ("aws:sesv2/emailIdentity:EmailIdentity", {}, {("AmazonSES", "outbound", "email"): (0, 10, 100)}),
    ("aws:sfn/stateMachine:StateMachine", {}, {("AmazonStates", "standard", "transitions"): (0, 100, 1_000)}),
    (
        "aws:sfn/stateMachine:StateMachine",
        {"type": "EXPRESS"},
        {
            ("AmazonStates", "express", "requests"): (0, 1, 10),
            # 1 s at 64 MB; 5 s at 256 MB are 3,472 GB-hours, the part above 1,000 at about half the price.
            ("AmazonStates", "express", "duration"): (
                0,
                D(1_000_000) / 3600 / 16,
                1_000 + (D(50_000_000) / 3600 / 4 - 1_000) * D("0.029988") / D("0.060012"),
            ),
        },
    ),
    ("aws:cloudwatch/eventBus:EventBus", {}, {("AWSEvents", "event-bus", "custom-events"): (0, 1, 10)}),
    ("aws:pipes/pipe:Pipe", {}, {("AWSEvents", "pipes", "requests"): (0, 1, 10)}),
    ("aws:apigateway/restApi:RestApi", {}, {("AmazonApiGateway", "rest", "requests"): (0, 1, 10)}),
    (
        "aws:apigatewayv2/api:Api",
        {"protocolType": "HTTP"},
        {("AmazonApiGateway", "http", "requests"): (0, 1, 10)},
    ),
    ("aws:appsync/graphQLApi:GraphQLApi", {}, {("AWSAppSync", "graphql", "operations"): (0, 1, 10)}),
    (
        "aws:kinesis/stream:Stream",
        {"shardCount": 2},
        {
            ("AmazonKinesis", "provisioned", "shard"): (1_460, 1_460, 1_460),
            ("AmazonKinesis", "provisioned", "put-payload-units"): (0, 20, 200),
        },
    ),
    (
        "aws:kinesis/stream:Stream",
        {"streamModeDetails": {"streamMode": "ON_DEMAND"}},
        {
            ("AmazonKinesis", "on-demand", "stream"): (730, 730, 730),
            ("AmazonKinesis", "on-demand", "ingest"): (1, 10, 100),
            ("AmazonKinesis", "on-demand", "retrieval"): (1, 10, 200),
        },
    ),
    (
        "aws:cloudwatch/metricStream:MetricStream",
        {},
        {("AmazonCloudWatch", "metrics", "metric-stream"): (0, 4_380, 43_800)},
    ),
    (
        "aws:cloudwatch/logGroup:LogGroup",
        {},
        {
            ("AmazonCloudWatch", "logs", "ingest-standard"): (0, 5, 50),
            # A month, a year, three years; compressed to 15 %, to half at worst.
            ("AmazonCloudWatch", "logs", "storage"): (0, 9, 900),
        },
    ),
    ("aws:ec2/flowLog:FlowLog", {}, {("AmazonCloudWatch", "logs", "vended-to-cloudwatch"): (0, 5, 50)}),
    (
        "aws:cloudfront/distribution:Distribution",
        {"enabled": True},
        {
            ("AmazonCloudFront", "data-transfer-out", "united-states", "global"): (0, 50, 500),
            ("AmazonCloudFront", "data-transfer-out", "europe", "global"): (0, 50, 500),
            ("AmazonCloudFront", "requests-https", "united-states", "global"): (0, 50, 500),
            ("AmazonCloudFront", "requests-https", "europe", "global"): (0, 50, 500),
        },
    ),
    (
        "aws:route53/record:Record",
        {"zoneId": "Z", "type": "A"},
        {("AmazonRoute53", "queries", "standard", "global"): (0, 1, 10)},
    ),
    (
        "aws:route53/resolverEndpoint:ResolverEndpoint",
        {"ipAddresses": [{}]},
        {
            ("AmazonRoute53", "resolver", "endpoint-eni"): (730, 730, 730),
            ("AmazonRoute53", "resolver", "queries"): (0, 1, 10),
        },
    ),
    (
        "aws:kms/key:Key",
        {},
        {
            ("awskms", "keys", "customer-managed-key"): (1, 1, 1),
            ("awskms", "requests", "symmetric"): (0, 10, 100),
        },
    ),
    (
        "aws:secretsmanager/secret:Secret",
        {},
        {
            ("AWSSecretsManager", "secrets", "secret"): (1, 1, 1),
            ("AWSSecretsManager", "secrets", "api-requests"): (0, 1, 10),
        },
    ),
    (
        "aws:acmpca/certificateAuthority:CertificateAuthority",
        {},
        {
            ("AWSCertificateManager", "private-ca", "general-purpose"): (1, 1, 1),
            ("AWSCertificateManager", "private-certificate", "general-purpose"): (0, 10, 100),
        },
    ),
    (
        "aws:wafv2/webAcl:WebAcl",
        {"scope": "REGIONAL"},
        {("awswaf", "web-acl", "acl"): (1, 1, 1), ("awswaf", "web-acl", "requests"): (0, 1, 10)},
    ),
    ("aws:cfg/recorder:Recorder", {}, {("AWSConfig", "items", "continuous"): (100, 1_000, 10_000)}),
    ("aws:cfg/rule:Rule", {}, {("AWSConfig", "rules", "evaluations"): ("0.01", 1, 10)}),
    (
        "aws:guardduty/detector:Detector",
        {},
        {
            ("AmazonGuardDuty", "foundational", "cloudtrail-management-events"): (0, 1, 10),
            ("AmazonGuardDuty", "foundational", "vpc-flow-and-dns-logs"): (1, 10, 100),
        },
    ),
    (
        "aws:securityhub/account:Account",
        {},
        {("AWSSecurityHub", "cspm", "security-checks"): (1_000, 10_000, 100_000)},
    ),
    (
        "aws:macie2/account:Account",
        {},
        {("AmazonMacie", "inventory", "bucket-day"): (DAYS, 10 * DAYS, 100 * DAYS)},
    ),
    (
        "aws:cognito/userPool:UserPool",
        {"userPoolTier": "LITE"},
        {("AmazonCognito", "user-pool-lite", "mau"): (100, 1_000, 10_000)},
    ),
    (
        "aws:codebuild/project:Project",
        {"environment": {"type": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL"}},
        {("CodeBuild", "build", "linux-general1.small"): (0, 100, 1_000)},
    ),
    ("aws:ecr/repository:Repository", {}, {("AmazonECR", "private", "storage"): (1, 10, 100)}),
    ("aws:glue/job:Job", {"maxCapacity": 2}, {("AWSGlue", "etl", "job"): (0, 30, 300)}),
    ("aws:glue/crawler:Crawler", {}, {("AWSGlue", "catalog", "crawler"): (10, 10, 60)}),
    (
        "aws:glue/catalogDatabase:CatalogDatabase",
        {},
        {
            ("AWSGlue", "catalog", "object-storage"): ("0.001", "0.01", 1),
            ("AWSGlue", "catalog", "requests"): (0, "0.1", 1),
        },
    ),
    ("aws:athena/workgroup:Workgroup", {}, {("AmazonAthena", "sql", "data-scanned"): (0, "0.1", 1)}),
    (
        "aws:grafana/workspace:Workspace",
        {},
        {("AmazonGrafana", "users", "editor"): (1, 1, 5), ("AmazonGrafana", "users", "viewer"): (0, 5, 20)},
    ),
    (
        "aws:s3/bucket:Bucket",
        {},
        {
            ("AmazonS3", "standard", "storage"): (12, 120, 1_200),
            # Objects of 8 MB, 1 MB, 256 KB.
            ("AmazonS3", "standard", "requests-tier1"): ("0.128", "10.24", "409.6"),
            ("AmazonS3", "standard", "requests-tier2"): (1, 10, 1_000),
        },
    ),
    (
        "aws:s3/directoryBucket:DirectoryBucket",
        {},
        {
            ("AmazonS3", "express-onezone", "storage"): (1, 10, 100),
            ("AmazonS3", "express-onezone", "requests-tier1"): (1, 10, 1_000),
            ("AmazonS3", "express-onezone", "requests-tier2"): (1, 10, 1_000),
        },
    ),
    (
        "aws:s3/inventory:Inventory",
        {"schedule": {"frequency": "Weekly"}},
        {("AmazonS3", "management", "inventory"): (WEEKS / 1000, WEEKS / 10, WEEKS)},
    ),
    (
        "aws:s3/analyticsConfiguration:AnalyticsConfiguration",
        {},
        {("AmazonS3", "management", "storage-class-analytics"): ("0.001", "0.1", 1)},
    ),
]


@pytest.mark.parametrize(("token", "inputs", "dimensions"), CASES)
def test_missing_usage_is_a_range_that_is_marked_as_assumed(token, inputs, dimensions):
    it = estimate_of(token, inputs)
    assert it.state in ("priced", "usage"), it.reason
    assert it.after.assumed
    amounts = (it.after.low, it.after.expected, it.after.high)
    for end, amount in enumerate(amounts):
        wanted = sum(D(ends[end]) * price(*where) for where, ends in dimensions.items())
        assert abs(amount - wanted) < D("1e-6"), (
            f"{('low', 'expected', 'high')[end]}: {amount} is not {wanted}"
        )
