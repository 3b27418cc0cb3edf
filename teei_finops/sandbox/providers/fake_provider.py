# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The base of the fake providers: the engine's resource provider protocol, with every input accepted."""

import json
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from teei_finops.sandbox.providers.package_schema import package_schema
from teei_finops.sandbox.providers.property_diff import diff_response, differences
from teei_finops.sandbox.providers.property_values import struct_to_python, to_struct


class FakeProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Accepts every input; subclasses check inputs and create resources."""

    def __init__(self, package: str, version: str, tokens: frozenset[str] = frozenset()):
        """`tokens` are the types and functions that the schema of the package has."""
        self.package = package
        self.version = version
        self._tokens = tokens
        self._engine_address = ""
        self._warnings: set[str] = set()

    def Attach(self, request, context):
        self._engine_address = request.address
        return empty_pb2.Empty()

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request, context):
        schema = package_schema(self.package, self.version, self._tokens)
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        changes = list(differences(struct_to_python(request.old_inputs), struct_to_python(request.news)))
        return diff_response(changes, lambda _: False)

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def Read(self, request, context):
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def warn(self, text: str) -> None:
        """Show a warning to the user, once."""
        if self._engine_address and text not in self._warnings:
            self._warnings.add(text)
            engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._engine_address))
            engine.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text))

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def invoke_response(result: Mapping[str, Any]) -> provider_pb2.InvokeResponse:
    """The response to a function call."""
    response = provider_pb2.InvokeResponse()
    getattr(response, "return").CopyFrom(to_struct(result))  # the field's name is a Python keyword
    return response


def logical_name(urn: str) -> str:
    """The name that the program gave a resource."""
    return urn.rsplit("::", 1)[-1]
