"""Runs the program of a stack with a monitor that records the registered resources."""

import asyncio
import runpy
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

import pulumi
from pulumi.runtime import Mocks, set_all_config, set_mocks, test

from tests.components.stack_config import KUBERNETES, ROOT, config


@dataclass(frozen=True)
class Resource:
    """A resource as the program registered it; `inputs` in the provider's spelling."""

    type: str
    name: str
    inputs: dict[str, Any]


class Recorder(Mocks):
    def __init__(self) -> None:
        self.resources: list[Resource] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources.append(Resource(args.typ, args.name, args.inputs))
        named = {"aws:s3/bucket:Bucket": "bucket", "aws:rds/instance:Instance": "identifier"}
        identity = args.inputs.get(named.get(args.typ, "name"), f"{args.name}-id")
        secrets = [{"secretArn": "arn:aws:secretsmanager:mock:::database"}]
        outputs: dict[str, Any] = {
            "arn": f"arn:aws:mock:::{identity}",
            "masterUserSecrets": secrets,
            "version": "7",
            "resourceId": "db-MOCK",
        }
        if args.typ == "aws:lambda/alias:Alias":
            outputs["arn"] = f"arn:aws:mock:::{args.inputs['functionName']}:{identity}"
        if args.typ == "aws:sqs/queue:Queue":
            outputs["url"] = f"https://sqs.mock/{identity}"
        if args.typ == "aws:lb/loadBalancer:LoadBalancer":
            outputs |= {"dnsName": f"{identity}.elb.mock", "arnSuffix": f"app/{identity}/mock"}
        return str(identity), {**outputs, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"the program calls {args.token}")


@dataclass(frozen=True)
class Stack:
    resources: tuple[Resource, ...]

    def of(self, type_: str) -> list[Resource]:
        """The resources of a type, which may be short: `s3/bucket:Bucket`."""
        resources = [
            resource
            for resource in self.resources
            if resource.type.removeprefix("aws:") == type_ or resource.type == type_
        ]
        assert resources, f"no {type_} among {sorted({resource.type for resource in self.resources})}"
        return resources

    def part(self, name: str) -> "Stack":
        """The resources of a component, whose names start with its name."""
        return Stack(tuple(resource for resource in self.resources if resource.name.startswith(f"{name}-")))

    def one(self, type_: str) -> Resource:
        (resource,) = self.of(type_)
        return resource

    def kubernetes(self) -> Iterator[Resource]:
        return (resource for resource in self.resources if resource.type.startswith("kubernetes:"))


@cache
def record(stack: str, runtime: str = "lambda") -> Stack:
    """What the program registers for `stack`, with another runtime of the AI budget API if need be."""
    return record_config(stack, config(stack, KUBERNETES if runtime == "kubernetes" else None))


def record_config(stack: str, values: dict[str, str]) -> Stack:
    """What the program registers for `stack` with a config as the engine passes it."""
    recorder = Recorder()

    @test
    def run() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    with closing(asyncio.new_event_loop()) as loop:  # of its own: another test may have closed the thread's
        asyncio.set_event_loop(loop)
        set_mocks(recorder, project="teei-finops", stack=stack)
        set_all_config(values)
        run()
    asyncio.set_event_loop(None)
    return Stack(tuple(recorder.resources))
