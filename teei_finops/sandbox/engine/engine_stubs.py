"""The SDK's gRPC stubs for the engine, with two methods that differ from the generated ones."""

from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2_grpc


class ResourceMonitor:
    """Adds the id to the response of ReadResource.

    The engine (3.259) leaves it out, and the SDK (3.272) then takes the id for unknown.
    """

    def __init__(self, channel: grpc.Channel):
        self._stub = resource_pb2_grpc.ResourceMonitorStub(channel)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def ReadResource(self, request, *arguments, **options):
        response = self._stub.ReadResource(request, *arguments, **options)
        if response.urn and not response.id and request.id != rpc.UNKNOWN:
            response.id = request.id
        return response


class EngineWithoutDebugLog:
    """Drops debug messages: the SDK waits for each of several a resource, and the engine discards them."""

    def __init__(self, channel: grpc.Channel):
        self._stub = engine_pb2_grpc.EngineStub(channel)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def Log(self, request, *arguments, **options):
        if request.severity == engine_pb2.DEBUG:
            return empty_pb2.Empty()
        return self._stub.Log(request, *arguments, **options)
