"""A workflow with a schedule, a topic, queues and alarms."""

import json

import pulumi_aws as aws

dead = aws.sqs.Queue("failed", message_retention_seconds=1209600)
queue = aws.sqs.Queue(
    "jobs",
    redrive_policy=dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})),
)
topic = aws.sns.Topic("alerts")
aws.sns.TopicSubscription("jobs", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
machine = aws.sfn.StateMachine(
    "nightly", role_arn="arn:aws:iam::123456789012:role/workflow", definition=json.dumps(definition)
)
rule = aws.cloudwatch.EventRule("nightly", schedule_expression="cron(0 2 * * ? *)")
aws.cloudwatch.EventTarget("nightly", rule=rule.name, arn=machine.arn, role_arn=machine.role_arn)
aws.cloudwatch.MetricAlarm(
    "failed",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    threshold=0,
    namespace="AWS/SQS",
    metric_name="ApproximateNumberOfMessagesVisible",
    dimensions={"QueueName": dead.name},
    period=300,
    statistic="Maximum",
    alarm_actions=[topic.arn],
)
