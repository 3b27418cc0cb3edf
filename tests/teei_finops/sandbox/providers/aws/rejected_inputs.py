"""Inputs that AWS rejects: (resource type, changes to valid inputs, part of the error message)."""

from tests.teei_finops.sandbox.providers.aws.valid_resources import ACCOUNT, VALID_INPUTS

NOTIFICATION = VALID_INPUTS["aws:budgets/budget:Budget"]["notifications"][0]

REJECTED = [
    ("aws:budgets/budget:Budget", {"name": "b2", "timeUnit": "WEEKLY"}, "'WEEKLY' is not one of"),
    ("aws:budgets/budget:Budget", {"name": "b2", "limitAmount": "-1"}, "not a positive number"),
    (
        "aws:budgets/budget:Budget",
        {
            "name": "b2",
            "notifications": [{**NOTIFICATION, "comparisonOperator": "MORE"}],
        },
        "'MORE' is not one of",
    ),
    ("aws:s3/bucket:Bucket", {"bucket": "Not_A_Bucket"}, "InvalidBucketName"),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"versioningConfiguration": {"status": "On"}},
        "'On' is not one of Enabled, Suspended",
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "rules": [
                {
                    "id": "r",
                    "status": "Enabled",
                    "transitions": [{"days": 60, "storageClass": "GLACIER_COLD"}],
                }
            ]
        },
        "'GLACIER_COLD' is not one of",
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "rules": [
                {"id": "r", "status": "Enabled", "transitions": [{"days": 7, "storageClass": "STANDARD_IA"}]}
            ]
        },
        "must be 30 or more",
    ),
    ("aws:s3/bucketPolicy:BucketPolicy", {"policy": "{not json"}, "not JSON"),
    ("aws:s3/bucketLogging:BucketLogging", {"targetBucket": "nowhere"}, "404"),
    *(
        (
            "aws:rds/parameterGroup:ParameterGroup",
            {"name": "g2", "family": family, "parameters": [{"name": name, "value": value}]},
            f"Invalid parameter value: {value} for: {name} allowed values are: {allowed}",
        )
        for family, name, value, allowed in (
            ("postgres18", "max_slot_wal_keep_size", "10GB", "a number in MB, without the unit"),
            ("postgres18", "wal_compression", "zstd:3", "one of pglz, lz4, zstd"),
            ("postgres14", "wal_compression", "zstd", "one of 1, 0 with PostgreSQL 14"),
        )
    ),
    ("aws:sqs/queue:Queue", {"name": "u2", "messageRetentionSeconds": 5}, "not between 60 and 1209600"),
    ("aws:sqs/queue:Queue", {"name": "u2", "fifoQueue": True}, ".fifo"),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "pigeon"}, "pigeon"),
    ("aws:sns/topicSubscription:TopicSubscription", {"endpoint": "cfo"}, "Email address"),
    ("aws:iam/role:Role", {"name": "r2", "assumeRolePolicy": "{"}, "not JSON"),
    (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"},
        "none",
    ),
    (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": "arn:aws:iam::aws:policy/NoSuchPolicyOfAws"},
        "NoSuchPolicyOfAws",
    ),
    ("aws:lambda/function:Function", {"name": "f2", "runtime": "python2.8"}, "'python2.8' is not one of"),
    ("aws:lambda/function:Function", {"name": "f2", "timeout": 10_000}, "10000 is more than"),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"functionName": "nobody"}, "nobody"),
    ("aws:lambda/alias:Alias", {"name": "next", "functionVersion": "7"}, "ResourceNotFound"),
    ("aws:lambda/invocation:Invocation", {"qualifier": "7"}, "ResourceNotFound"),
    ("aws:lambda/invocation:Invocation", {"input": "migrate"}, "not JSON"),
    (
        "aws:scheduler/schedule:Schedule",
        {"name": "s2", "scheduleExpression": "every day"},
        "Invalid Schedule Expression",
    ),
    (
        "aws:scheduler/schedule:Schedule",
        {"name": "s2", "flexibleTimeWindow": {"mode": "MAYBE"}},
        "'MAYBE' is not one of",
    ),
    ("aws:rds/instance:Instance", {"identifier": "i2", "storageType": "gp9"}, "gp9"),
    ("aws:rds/instance:Instance", {"identifier": "i2", "backupRetentionPeriod": 60}, "not between 0 and 35"),
    (
        "aws:rds/instance:Instance",
        {"identifier": "i2", "instanceClass": "t4g.medium"},
        "Invalid DB Instance class",
    ),
    ("aws:rds/instance:Instance", {"identifier": "i2", "dbSubnetGroupName": "nowhere"}, "nowhere"),
    (
        "aws:rds/parameterGroup:ParameterGroup",
        {"name": "p2", "parameters": [{"name": "wal_keep_size", "value": "1", "applyMethod": "now"}]},
        "'now' is not one of immediate, pending-reboot",
    ),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"comparisonOperator": "Below"}, "'Below' is not one of"),
    (
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "g2", "retentionInDays": 31},
        "retentionInDays 31 is not one of",
    ),
    ("aws:costexplorer/anomalyMonitor:AnomalyMonitor", {"monitorType": "ODD"}, "'ODD' is not one of"),
    (
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
        {"frequency": "IMMEDIATE"},
        "SNS subscribers only",
    ),
    ("aws:costexplorer/costAllocationTag:CostAllocationTag", {"status": "On"}, "'On' is not one of"),
    (
        "aws:lb/loadBalancer:LoadBalancer",
        {"name": "l2", "loadBalancerType": "classic"},
        "'classic' is not one of",
    ),
    ("aws:ses/emailIdentity:EmailIdentity", {"email": "finops"}, "Invalid email address"),
]
