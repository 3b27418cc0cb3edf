# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""A language host that records how the engine runs a program and registers resources in its place."""

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import (
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
    resource_pb2,
    resource_pb2_grpc,
)


class RecordingHost(language_pb2_grpc.LanguageRuntimeServicer):
    def Handshake(self, request, context):
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetRequiredPackages(self, request, context):
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request, context):
        return language_pb2.GetRequiredPluginsResponse()

    def Run(self, request, context):
        monitor = resource_pb2_grpc.ResourceMonitorStub(grpc.insecure_channel(request.monitor_address))
        stack = register(monitor, "pulumi:pulumi:Stack", f"{request.project}-{request.stack}")
        bucket = register(monitor, "aws:s3/bucket:Bucket", "files", stack, {"tags": {"n": 5}})
        register(monitor, "acme:index:Widget", "widget", stack, {"of": bucket})
        invoke = monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok="aws:index/getRegion:getRegion"))
        recorded = {
            "config": dict(request.config),
            "environment": dict(os.environ),
            "region": getattr(invoke, "return")["name"],
        }
        with open(os.environ["RECORD_TO"], "w") as file:
            json.dump(recorded, file)
        return language_pb2.RunResponse()


def register(monitor, token, name, parent="", properties=None):
    inputs = struct_pb2.Struct()
    inputs.update(properties or {})
    request = resource_pb2.RegisterResourceRequest(
        type=token,
        name=name,
        parent=parent,
        custom=token.count(":") == 2 and "pulumi:" not in token,
        object=inputs,
    )
    return monitor.RegisterResource(request).urn


def main():
    server = grpc.server(ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(RecordingHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
