"""Queues with the name of the stack."""

import pulumi
import pulumi_aws as aws


def queue(name: str) -> aws.sqs.Queue:
    return aws.sqs.Queue(name, name=f"{name}-{pulumi.get_stack()}")
