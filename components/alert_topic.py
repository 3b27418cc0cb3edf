"""An SNS topic that AWS services publish alerts to, and its e-mail subscriptions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.tags import CostTags


@dataclass(frozen=True)
class AlertTopicArgs:
    """`publishers` are AWS service principals, which may publish for this account only.

    The topic is not encrypted: AWS Budgets and CloudWatch cannot use the AWS-managed key of SNS
    (docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html), and the alerts hold no
    personal data.
    """

    name: str
    account_id: str
    publishers: Sequence[str]
    emails: Sequence[str]
    tags: CostTags


class AlertTopic(pulumi.ComponentResource):
    """`ready` is the policy that allows the publishers; what AWS checks at its creation depends on it."""

    arn: pulumi.Output[str]
    ready: aws.sns.TopicPolicy

    def __init__(self, name: str, args: AlertTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:alert_topic:AlertTopic", name, None, opts)
        topic = aws.sns.Topic(
            f"{name}-topic",
            name=args.name,
            tags=args.tags.as_tags(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = topic.arn
        self.ready = aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=topic.arn.apply(lambda arn: json.dumps(_policy(arn, args.publishers, args.account_id))),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for email in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"arn": self.arn})


def _policy(arn: str, publishers: Sequence[str], account_id: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ServicesOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": list(publishers)},
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
            }
        ],
    }
