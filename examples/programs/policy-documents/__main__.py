"""Policy documents as objects and as texts; numbers and booleans as texts; empty values."""

import pulumi_aws as aws

trust = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["lambda.amazonaws.com"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    ],
}
role = aws.iam.Role("runner", assume_role_policy=trust, max_session_duration="3600")
lifecycle = {"enabled": True, "expiration": {"days": 365}, "abort_incomplete_multipart_upload_days": 7}
tags = {"team": "finops", "cost-center": 42, "owner": None}
bucket = aws.s3.Bucket("reports", tags=tags, lifecycle_rules=[lifecycle])
document = aws.iam.get_policy_document(statements=[{"actions": ["s3:GetObject"], "resources": ["*"]}])
aws.iam.RolePolicy("read", role=role.name, policy=document.json)
aws.s3.BucketPolicy("public", bucket=bucket.id, policy={"Version": "2012-10-17", "Statement": []})
aws.sqs.Queue("jobs", visibility_timeout_seconds="60", fifo_queue="false")
