# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""What every stand-in provider has in common: the engine's resource provider protocol."""

import uuid
from collections.abc import Iterator

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """Accepts every resource and keeps what was made in the stack's state only."""

    def __init__(self, version: str):
        self.version = version

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=True, accept_outputs=True
        )

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        changed = sorted(changed_keys(request.old_inputs, request.news))
        response = provider_pb2.DiffResponse
        return response(changes=response.DIFF_SOME if changed else response.DIFF_NONE, diffs=changed)

    def Create(self, request, context):
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.properties)
        if request.preview:  # what is left out is unknown to the program and to policies
            return provider_pb2.CreateResponse(properties=outputs)
        resource_id = uuid.uuid4().hex[:8]
        outputs["arn"] = f"arn:aws:x:::{resource_id}"
        return provider_pb2.CreateResponse(id=resource_id, properties=outputs)

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def Read(self, request, context):
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Invoke(self, request, context):
        return provider_pb2.InvokeResponse()

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def changed_keys(olds: struct_pb2.Struct, news: struct_pb2.Struct) -> Iterator[str]:
    """Names of the top-level properties that are not the same in both."""
    for key in {*olds.fields, *news.fields}:
        if key not in olds.fields or key not in news.fields or olds.fields[key] != news.fields[key]:
            yield key
