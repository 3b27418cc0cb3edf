"""The scheduled tasks of a Lambda."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.lambda_functions import roles
from components.tags import CostTags

RETRIES = 1
# The next event of a task that runs every few minutes does what a lost one would have done.
MAX_EVENT_AGE_SECONDS = 300


@dataclass(frozen=True)
class TaskSchedulesArgs:
    """`minutes` is the interval of each task; the Lambda is invoked with `{"task": …}`.

    `cron` has the expressions of tasks at times of the calendar, in UTC. `description` says what the tasks
    belong to. `failed_tasks` gets the events that could not be delivered, and those whose retries failed;
    None drops them. An event is retried until it is `max_event_age_seconds` old: more than the timeout of the
    function, where a run that timed out must be repeated.
    """

    name: str
    description: str
    alias: aws.lambda_.Alias
    failed_tasks: aws.sqs.Queue | None
    minutes: Mapping[str, int]
    tags: CostTags
    cron: Mapping[str, str] = field(default_factory=dict)
    max_event_age_seconds: int = MAX_EVENT_AGE_SECONDS


class TaskSchedules(pulumi.ComponentResource):
    """EventBridge rules on a schedule. A failed invocation is retried once.

    Rules rather than EventBridge Scheduler, because their scheduled invocations are free of charge
    (https://aws.amazon.com/eventbridge/pricing/, 2026-11).
    """

    def __init__(
        self, name: str, args: TaskSchedulesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:lambda_functions:TaskSchedules", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-events",
            function_name=args.alias.function_name,
            qualifier=args.alias.name,
            maximum_retry_attempts=RETRIES,
            maximum_event_age_in_seconds=args.max_event_age_seconds,
            destination_config=_on_failure(args.failed_tasks),
            opts=child,
        )
        dead_letters = None
        if args.failed_tasks:
            dead_letters = aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=args.failed_tasks.arn)
        rules: list[aws.cloudwatch.EventRule] = []
        rates = {
            task: f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"
            for task, minutes in args.minutes.items()
        }
        crons = {task: f"cron({expression})" for task, expression in args.cron.items()}
        for task, expression in (rates | crons).items():
            rule = aws.cloudwatch.EventRule(
                f"{name}-{task}",
                name=f"{args.name}-{task}",
                description=f"{args.description}: {task}",
                schedule_expression=expression,
                tags=args.tags.as_tags(),
                opts=child,
            )
            rules.append(rule)
            permission = aws.lambda_.Permission(
                f"{name}-{task}-permission",
                statement_id=f"schedule-{task}",
                action="lambda:InvokeFunction",
                function=args.alias.function_name,
                qualifier=args.alias.name,
                principal="events.amazonaws.com",
                source_arn=rule.arn,
                opts=child,
            )
            aws.cloudwatch.EventTarget(
                f"{name}-{task}-target",
                rule=rule.name,
                target_id=task,
                arn=args.alias.arn,
                input=json.dumps({"task": task}),
                retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=args.max_event_age_seconds,
                    maximum_retry_attempts=RETRIES,
                ),
                dead_letter_config=dead_letters,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
            )
        if args.failed_tasks:
            aws.sqs.QueuePolicy(
                f"{name}-failed-tasks-policy",
                queue_url=args.failed_tasks.url,
                policy=roles.policy(
                    [
                        {
                            **roles.allow(["sqs:SendMessage"], [args.failed_tasks.arn]),
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Condition": {"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules]}},
                        }
                    ]
                ),
                opts=child,
            )
        self.register_outputs({})


def _on_failure(
    queue: aws.sqs.Queue | None,
) -> aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs | None:
    """Keeps an event whose retries failed."""
    if queue is None:
        return None
    return aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs(
        on_failure=aws.lambda_.FunctionEventInvokeConfigDestinationConfigOnFailureArgs(destination=queue.arn)
    )
