"""A resource whose provider is a class of the program."""

import pulumi
import pulumi_aws as aws
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Numbers(ResourceProvider):
    def create(self, props: dict) -> CreateResult:
        return CreateResult("1", {"value": props["start"] + 1})


class Number(Resource):
    value: pulumi.Output[int]

    def __init__(self, name: str, start: int):
        super().__init__(Numbers(), name, {"start": start, "value": None})


aws.cloudwatch.LogGroup("counted", retention_in_days=7, name=Number("next", 41).value.apply(str))
