"""Charts and other sources of objects that only the real provider can expand: they are planned as empty.

Their objects are therefore not in the plan, which the warning says.
"""

from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

# Functions that read a source and return its objects.
_EXPANDING = {
    "kubernetes:helm:template": "helm.v3.Chart",
    "kubernetes:kustomize:directory": "kustomize.Directory",
}


def unexpanded_objects(function: str) -> Mapping[str, Any] | None:
    """The empty result of a function that expands a source; None for any other function."""
    return {"result": []} if function in _EXPANDING else None


def objects_warning(source: str) -> str:
    """What to tell the user about a function or a component that is not expanded."""
    name = _EXPANDING.get(source, source)
    return f"{name}: its objects are not in the plan, since the sandbox does not fetch or render them"


def empty_component(request: provider_pb2.ConstructRequest) -> provider_pb2.ConstructResponse:
    """A component without children, registered with the engine."""
    monitor = resource_pb2_grpc.ResourceMonitorStub(grpc.insecure_channel(request.monitorEndpoint))
    registered = monitor.RegisterResource(
        resource_pb2.RegisterResourceRequest(
            type=request.type, name=request.name, parent=request.parent, custom=False
        )
    )
    monitor.RegisterResourceOutputs(
        resource_pb2.RegisterResourceOutputsRequest(urn=registered.urn, outputs=struct_pb2.Struct())
    )
    return provider_pb2.ConstructResponse(urn=registered.urn, state=struct_pb2.Struct())
