"""What the runner changes in the responses of the engine, with the messages of this and of earlier SDKs, and
what it shows of an error."""

import asyncio
import contextlib

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from pulumi.runtime.proto import resource_pb2

from teei_finops.sandbox.program import runner
from teei_finops.sandbox.program.runner import ResourceMonitor


def earlier_response():
    """ReadResourceResponse as it was before it had an id."""
    file = descriptor_pb2.FileDescriptorProto(name="earlier.proto", package="earlier")
    message = file.message_type.add(name="ReadResourceResponse")
    message.field.add(name="urn", number=1, type=9, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("earlier.ReadResourceResponse"))


class Stub:
    def __init__(self, response):
        self.response = response

    def ReadResource(self, _request):
        return self.response


def read(monkeypatch, response, **request):
    monkeypatch.setattr(runner.resource_pb2_grpc, "ResourceMonitorStub", lambda _: Stub(response))
    run = {"monitor": "127.0.0.1:1", "sandbox_stacks": [], "stack_outputs": {}, "invented_outputs": {}}
    return ResourceMonitor(run).ReadResource(resource_pb2.ReadResourceRequest(**request))


@pytest.mark.parametrize("given", ["", "vpc-1"])
def test_a_resource_that_was_read_has_its_id(monkeypatch, given):
    response = resource_pb2.ReadResourceResponse(urn="urn", id=given)
    assert read(monkeypatch, response, type="aws:ec2/vpc:Vpc", id="vpc-1").id == "vpc-1"


def test_the_response_of_an_earlier_sdk_is_left_as_it_is(monkeypatch):
    response = earlier_response()(urn="urn")
    assert read(monkeypatch, response, type="aws:ec2/vpc:Vpc", id="vpc-1") is response


def test_an_error_that_a_task_raised_keeps_the_frames_of_the_program(tmp_path):
    """asyncio drops the traceback of a task that is awaited twice."""
    source = compile("async def apply():\n    raise ValueError('no')\n", tmp_path / "__main__.py", "exec")
    program: dict = {}
    exec(source, program)

    async def await_twice():
        task = asyncio.create_task(program["apply"]())
        await asyncio.wait([task])
        with contextlib.suppress(ValueError):
            await task
        await task

    loop = asyncio.new_event_loop()
    loop.set_task_factory(runner._task)
    with pytest.raises(ValueError, match="no") as raised:
        loop.run_until_complete(await_twice())
    loop.close()
    assert f'File "{tmp_path / "__main__.py"}", line 2, in apply' in runner._message(raised.value, tmp_path)
