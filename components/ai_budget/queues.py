"""The queues of the AI budget service; SQS encrypts all of them."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.tags import CostTags

FOURTEEN_DAYS = 1_209_600  # the longest retention of SQS, in seconds


class Queues:
    """`tracks`: tracked calls that could not be recorded immediately; `dead_letters`: those that never could.

    `failed_tasks`: the events that no run of a scheduled task could process.
    """

    tracks: aws.sqs.Queue
    dead_letters: aws.sqs.Queue
    failed_tasks: aws.sqs.Queue

    def __init__(self, name: str, settings: Settings, tags: CostTags, opts: pulumi.ResourceOptions) -> None:
        service = settings.ai_budget_service

        def queue(role: str, **inputs: Any) -> aws.sqs.Queue:
            return aws.sqs.Queue(
                f"{name}-{role}",
                name=f"{service.name}-{role}",
                message_retention_seconds=FOURTEEN_DAYS,
                sqs_managed_sse_enabled=True,
                tags=tags.as_tags(),
                opts=opts,
                **inputs,
            )

        source = f"arn:aws:sqs:{settings.region}:{settings.account_id}:{service.name}-tracks"
        allow = {"redrivePermission": "byQueue", "sourceQueueArns": [source]}
        self.dead_letters = queue("dead-letters", redrive_allow_policy=json.dumps(allow))
        redrive = {
            "deadLetterTargetArn": self.dead_letters.arn,
            "maxReceiveCount": service.max_receive_count,
        }
        self.tracks = queue(
            "tracks",
            visibility_timeout_seconds=service.visibility_timeout_seconds,
            redrive_policy=pulumi.Output.json_dumps(redrive),
        )
        self.failed_tasks = queue("failed-tasks")
