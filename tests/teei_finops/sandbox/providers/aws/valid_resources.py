"""Valid inputs of each resource type that has a handler, in the order of their dependencies."""

import json

REGION = "us-east-1"
ACCOUNT = "123456789012"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/runner"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:usage"
QUEUE_URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/usage"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:budget"
TAGS = {"team": "finops"}

VALID_INPUTS = {
    "aws:sns/topic:Topic": {"name": "alerts", "tags": TAGS},
    "aws:sns/topicPolicy:TopicPolicy": {"arn": TOPIC, "policy": ALLOW},
    "aws:sns/topicSubscription:TopicSubscription": {
        "topic": TOPIC,
        "protocol": "email",
        "endpoint": "cfo@teei.io",
    },
    "aws:budgets/budget:Budget": {
        "name": "cloud-total",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "100000",
        "limitUnit": "USD",
        "costFilters": [{"name": "Service", "values": ["Amazon Simple Storage Service"]}],
        "notifications": [
            {
                "comparisonOperator": "GREATER_THAN",
                "threshold": 80,
                "thresholdType": "PERCENTAGE",
                "notificationType": "ACTUAL",
                "subscriberEmailAddresses": ["eng-lead@teei.io"],
                "subscriberSnsTopicArns": [TOPIC],
            }
        ],
    },
    "aws:s3/bucket:Bucket": {"bucket": "teei-exports", "tags": TAGS},
    "aws:s3/bucketVersioning:BucketVersioning": {
        "bucket": "teei-exports",
        "versioningConfiguration": {"status": "Enabled"},
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "bucket": "teei-exports",
        "rules": [
            {
                "id": "retention",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                "expiration": {"days": 90},
                "noncurrentVersionExpiration": {"noncurrentDays": 30, "newerNoncurrentVersions": 5},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            }
        ],
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": "teei-exports",
        "rules": [
            {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": True}
        ],
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": "teei-exports",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
    "aws:s3/bucketPolicy:BucketPolicy": {"bucket": "teei-exports", "policy": ALLOW},
    "aws:s3/bucketLogging:BucketLogging": {
        "bucket": "teei-exports",
        "targetBucket": "teei-exports",
        "targetPrefix": "logs/",
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": "teei-exports",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    },
    "aws:sqs/queue:Queue": {"name": "usage", "messageRetentionSeconds": 1209600, "tags": TAGS},
    "aws:sqs/queuePolicy:QueuePolicy": {"queueUrl": QUEUE_URL, "policy": ALLOW},
    "aws:sqs/redrivePolicy:RedrivePolicy": {
        "queueUrl": QUEUE_URL,
        "redrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE, "maxReceiveCount": 5}),
    },
    "aws:iam/role:Role": {"name": "runner", "assumeRolePolicy": TRUST, "tags": TAGS},
    "aws:iam/rolePolicy:RolePolicy": {"name": "inline", "role": "runner", "policy": ALLOW},
    "aws:iam/policy:Policy": {"name": "managed", "policy": ALLOW},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": "runner",
        "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/managed",
    },
    "aws:iam/instanceProfile:InstanceProfile": {"name": "nodes", "role": "runner"},
    "aws:lambda/function:Function": {
        "name": "budget",
        "role": ROLE,
        "handler": "handler.handle",
        "runtime": "python3.13",
        "code": {"assets": {"handler.py": {"text": "def handle(event, context): pass"}}},
        "timeout": 10,
        "memorySize": 512,
        "environment": {"variables": {"LEDGER": "postgres"}},
        "vpcConfig": {"subnetIds": ["subnet-0a1", "subnet-0b2"], "securityGroupIds": ["sg-0a1"]},
        "reservedConcurrentExecutions": 5,
        "publish": True,
    },
    "aws:lambda/alias:Alias": {"name": "live", "functionName": "budget", "functionVersion": "1"},
    "aws:lambda/invocation:Invocation": {
        "functionName": FUNCTION,
        "qualifier": "1",
        "input": '{"task": "migrate"}',
    },
    "aws:lambda/permission:Permission": {
        "statementId": "balancer",
        "function": "budget",
        "action": "lambda:InvokeFunction",
        "principal": "elasticloadbalancing.amazonaws.com",
    },
    "aws:lambda/eventSourceMapping:EventSourceMapping": {
        "functionName": "budget",
        "eventSourceArn": QUEUE,
        "batchSize": 10,
    },
    "aws:scheduler/scheduleGroup:ScheduleGroup": {"name": "finops"},
    "aws:scheduler/schedule:Schedule": {
        "name": "reset",
        "groupName": "finops",
        "scheduleExpression": "cron(0 0 1 * ? *)",
        "flexibleTimeWindow": {"mode": "OFF"},
        "target": {"arn": FUNCTION, "roleArn": ROLE, "input": "{}"},
    },
    "aws:secretsmanager/secret:Secret": {"name": "admin-token", "recoveryWindowInDays": 7},
    "aws:secretsmanager/secretVersion:SecretVersion": {"secretId": "admin-token", "secretString": "hush"},
    "aws:kms/key:Key": {"description": "ledger", "enableKeyRotation": True},
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": "database",
        "vpcId": "vpc-0a1",
        "ingress": [{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": ["10.0.0.0/16"]}],
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
        "securityGroupId": "sg-0a1",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "10.0.0.0/8",
    },
    "aws:rds/subnetGroup:SubnetGroup": {"name": "ledger", "subnetIds": ["subnet-0a1", "subnet-0b2"]},
    "aws:rds/parameterGroup:ParameterGroup": {
        "name": "ledger",
        "family": "postgres18",
        "parameters": [{"name": "wal_keep_size", "value": "10240", "applyMethod": "immediate"}],
    },
    "aws:rds/instance:Instance": {
        "identifier": "ledger",
        "engine": "postgres",
        "engineVersion": "18.1",
        "instanceClass": "db.t4g.medium",
        "allocatedStorage": 100,
        "storageType": "gp3",
        "storageEncrypted": True,
        "username": "ledger",
        "manageMasterUserPassword": True,
        "multiAz": True,
        "backupRetentionPeriod": 7,
        "dbSubnetGroupName": "ledger",
        "parameterGroupName": "ledger",
        "deletionProtection": True,
        "finalSnapshotIdentifier": "ledger-final",
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        "name": "storage",
        "comparisonOperator": "LessThanThreshold",
        "evaluationPeriods": 1,
        "metricName": "FreeStorageSpace",
        "namespace": "AWS/RDS",
        "period": 300,
        "statistic": "Average",
        "threshold": 10,
        "alarmActions": [TOPIC],
    },
    "aws:cloudwatch/logGroup:LogGroup": {"name": "/aws/lambda/budget", "retentionInDays": 30, "tags": TAGS},
    "aws:cloudwatch/eventRule:EventRule": {"name": "nightly", "scheduleExpression": "rate(1 day)"},
    "aws:cloudwatch/eventTarget:EventTarget": {"rule": "nightly", "targetId": "budget", "arn": FUNCTION},
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": {
        "name": "services",
        "monitorType": "DIMENSIONAL",
        "monitorDimension": "SERVICE",
    },
    "aws:costexplorer/anomalySubscription:AnomalySubscription": {
        "name": "daily",
        "frequency": "DAILY",
        "monitorArnLists": [f"arn:aws:ce::{ACCOUNT}:anomalymonitor/a"],
        "subscribers": [{"type": "EMAIL", "address": "cfo@teei.io"}],
        "thresholdExpression": {
            "dimension": {
                "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "matchOptions": ["GREATER_THAN_OR_EQUAL"],
                "values": ["100"],
            }
        },
    },
    "aws:costexplorer/costAllocationTag:CostAllocationTag": {"tagKey": "team", "status": "Active"},
    "aws:costexplorer/costCategory:CostCategory": {
        "name": "teams",
        "ruleVersion": "CostCategoryExpression.v1",
        "rules": [{"value": "finops", "rule": {"tags": {"key": "team", "values": ["finops"]}}}],
    },
    "aws:lb/targetGroup:TargetGroup": {"name": "budget", "targetType": "lambda"},
    "aws:lb/loadBalancer:LoadBalancer": {
        "name": "budget",
        "internal": True,
        "subnets": ["subnet-0a1", "subnet-0b2"],
        "securityGroups": ["sg-0a1"],
    },
    "aws:ses/emailIdentity:EmailIdentity": {"email": "finops@teei.io"},
}


def create_all(account):
    """Create every resource; returns the ids by resource type."""
    return {token: account.create(token, inputs, REGION).id for token, inputs in VALID_INPUTS.items()}
