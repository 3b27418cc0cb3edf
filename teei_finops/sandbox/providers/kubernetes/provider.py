# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The fake Kubernetes provider: checks objects as the API server does and keeps them in the stack's state."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.fake_provider import FakeProvider, invoke_response, logical_name
from teei_finops.sandbox.providers.kubernetes.admission import admission_errors, namespace_of
from teei_finops.sandbox.providers.kubernetes.charts import (
    empty_component,
    objects_warning,
    unexpanded_objects,
)
from teei_finops.sandbox.providers.kubernetes.schemas import CLUSTER_SCOPED, schema_errors
from teei_finops.sandbox.providers.property_diff import Difference, diff_response, differences
from teei_finops.sandbox.providers.property_values import (
    Unknown,
    struct_to_python,
    to_struct,
    to_value,
    with_outputs,
)

_AUTONAMED = "pulumi.com/autonamed"
# Fields whose change replaces an object (pulumi-kubernetes 4.34, provider/pkg/provider, 2026-11). The API
# server could update the data of a ConfigMap or Secret; the provider replaces the object nevertheless.
_IMMUTABLE: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("data", "binaryData", "immutable"),
    "Secret": ("data", "stringData", "type", "immutable"),
    "Service": ("spec.clusterIP",),
    "Deployment": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "StatefulSet": (
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
        "spec.podManagementPolicy",
    ),
    "Job": ("spec.selector", "spec.template", "spec.completionMode"),
    "PersistentVolumeClaim": (
        "spec.accessModes",
        "spec.storageClassName",
        "spec.volumeName",
        "spec.selector",
    ),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    "PriorityClass": ("value",),
}
_ALWAYS_IMMUTABLE = ("metadata.name", "metadata.namespace", "kind")


class FakeKubernetesProvider(FakeProvider):
    """One cluster; `resources_in_state` gives the resources in the stack's state before this run."""

    def __init__(
        self,
        version: str,
        resources_in_state: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
        tokens: frozenset[str] = frozenset(),
    ):
        super().__init__("kubernetes", version, tokens)
        self._resources_in_state = resources_in_state
        self._objects: dict[str, Mapping[str, Any]] | None = None
        self._lock = threading.Lock()
        self._namespaces: dict[str, str] = {}

    def Configure(self, request, context):
        namespace = struct_to_python(request.args).get("namespace")
        if isinstance(namespace, str) and namespace:
            self._namespaces[context.peer()] = namespace
        return super().Configure(request, context)

    def Check(self, request, context):
        logical = logical_name(request.urn)
        inputs, olds = struct_to_python(request.news), struct_to_python(request.olds)
        if _is_release(request.type):
            return self._check_release(request, inputs, olds, logical)
        if not request.type.endswith("Patch"):
            failures = [
                provider_pb2.CheckFailure(
                    property=error.path, reason=f"{error.path}: {error.reason} (resource '{logical}')"
                )
                for error in schema_errors(inputs)
            ]
            if failures:
                return provider_pb2.CheckResponse(failures=failures)
        checked = struct_pb2.Struct()
        checked.CopyFrom(request.news)
        metadata = inputs.get("metadata")
        if not isinstance(metadata, Unknown):
            metadata = metadata or {}
            if metadata.get("name") is None and metadata.get("generateName") is None:
                name = _earlier_automatic_name(olds) or _automatic_name(logical, request)
                _set_in_metadata(checked, {"name": name}, {_AUTONAMED: "true"})
        return provider_pb2.CheckResponse(inputs=checked)

    def _check_release(self, request, inputs, olds, logical: str):
        checked = struct_pb2.Struct()
        checked.CopyFrom(request.news)
        if inputs.get("chart") is None:
            failure = provider_pb2.CheckFailure(
                property="chart", reason=f"chart is required (resource '{logical}')"
            )
            return provider_pb2.CheckResponse(failures=[failure])
        if inputs.get("name") is None:
            checked.fields["name"].CopyFrom(to_value(olds.get("name") or _automatic_name(logical, request)))
        return provider_pb2.CheckResponse(inputs=checked)

    def Diff(self, request, context):
        olds, news = struct_to_python(request.old_inputs), struct_to_python(request.news)
        changes = list(differences(olds, news))
        immutable = ("name", "namespace") if _is_release(request.type) else _immutable_paths(request.type)

        def replaces(change: Difference) -> bool:
            return any(
                change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in immutable
            )

        same_name = _identity(olds) == _identity(news)
        autonamed = ((news.get("metadata") or {}).get("annotations") or {}).get(_AUTONAMED) == "true"
        return diff_response(changes, replaces, delete_before_replace=same_name and not autonamed)

    def Create(self, request, context):
        inputs = struct_to_python(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        resource_id = self._id_of(request.type, inputs, context)
        if not _is_release(request.type) and not request.type.endswith("Patch"):
            self._admit(context, request.urn, inputs, resource_id, new=True)
        outputs = self._outputs(request.type, inputs, request.urn, context)
        return provider_pb2.CreateResponse(
            id=resource_id, properties=with_outputs(request.properties, outputs)
        )

    def Update(self, request, context):
        inputs = struct_to_python(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=request.news)
        if not _is_release(request.type) and not request.type.endswith("Patch"):
            self._admit(context, request.urn, inputs, request.id, new=False)
        outputs = self._outputs(request.type, inputs, request.urn, context)
        return provider_pb2.UpdateResponse(properties=with_outputs(request.news, outputs))

    def Delete(self, request, context):
        with self._lock:
            self._cluster().pop(_key(request.type, request.id), None)
        return empty_pb2.Empty()

    def Read(self, request, context):
        """The state as it is (refresh), or the object that an id identifies (`Resource.get`)."""
        if request.properties.fields:
            return super().Read(request, context)
        namespace, _, name = request.id.rpartition("/")
        _, version, kind = request.type.split(":")
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        manifest = to_struct(
            {"apiVersion": version.removeprefix("core/"), "kind": kind, "metadata": metadata}
        )
        return provider_pb2.ReadResponse(id=request.id, properties=manifest, inputs=manifest)

    def Invoke(self, request, context):
        arguments = struct_to_python(request.args)
        if request.tok == "kubernetes:yaml:decode":
            documents = [item for item in yaml.safe_load_all(arguments["text"]) if item]
            return invoke_response({"result": documents})
        objects = unexpanded_objects(request.tok)
        if objects is not None:
            self.warn(objects_warning(request.tok))
            return invoke_response(objects)
        text = f"the sandbox does not support the Kubernetes function {request.tok}; remove the call"
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, text)

    def Construct(self, request, context):
        self.warn(objects_warning(f"{request.type} {request.name}"))
        return empty_component(request)

    def _admit(self, context, urn: str, manifest: Mapping[str, Any], resource_id: str, *, new: bool) -> None:
        """Add the object to the cluster, or abort with the error of the API server."""
        key = _key(_type_in(urn), resource_id)
        with self._lock:
            cluster = self._cluster()
            others = {item.split("|", 1)[1]: value for item, value in cluster.items() if item != key}
            errors = list(admission_errors(manifest, others))
            if new and key in cluster:
                errors.append(f'{manifest.get("kind")} "{resource_id}" already exists')
            if not errors:
                cluster[key] = manifest
        if errors:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{logical_name(urn)}: {'; '.join(errors)}")

    def _cluster(self) -> dict[str, Mapping[str, Any]]:
        if self._objects is None:
            self._objects = {
                _key(item["type"], item["id"]): item.get("inputs") or {}
                for item in self._resources_in_state()
                if item.get("type", "").startswith("kubernetes:") and item.get("id")
            }
        return self._objects

    def _id_of(self, token: str, inputs: Mapping[str, Any], context) -> str:
        namespace = self._namespaces.get(context.peer(), "default")
        if _is_release(token):
            return f"{inputs.get('namespace') or namespace}/{inputs['name']}"
        name = (inputs.get("metadata") or {}).get("name") or "generated"
        return name if inputs.get("kind") in CLUSTER_SCOPED else f"{namespace_of(inputs, namespace)}/{name}"

    def _outputs(self, token: str, inputs: Mapping[str, Any], urn: str, context) -> dict[str, Any]:
        """The fields that the API server fills in."""
        namespace = self._namespaces.get(context.peer(), "default")
        if _is_release(token):
            state = {"name": inputs["name"], "namespace": inputs.get("namespace") or namespace}
            return {"status": {**state, "status": "deployed", "revision": 1}, "resourceNames": {}}
        digits = hashlib.sha256(urn.encode()).hexdigest()
        uid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
        metadata = {**(inputs.get("metadata") or {}), "uid": uid, "generation": 1}
        if inputs.get("kind") not in CLUSTER_SCOPED:
            metadata["namespace"] = namespace_of(inputs, namespace)
        outputs: dict[str, Any] = {"metadata": metadata, "status": {}}
        if inputs.get("kind") == "Service":
            outputs.update(_service_outputs(inputs, digits))
        return outputs


def _service_outputs(inputs: Mapping[str, Any], digits: str) -> dict[str, Any]:
    spec = dict(inputs.get("spec") or {})
    spec.setdefault("clusterIP", f"172.20.{int(digits[:2], 16)}.{int(digits[2:4], 16)}")
    balanced = spec.get("type") == "LoadBalancer"
    ingress = [{"hostname": f"{digits[:12]}.elb.sandbox.amazonaws.com"}] if balanced else []
    return {"spec": spec, "status": {"loadBalancer": {"ingress": ingress} if balanced else {}}}


def _is_release(token: str) -> bool:
    return token == "kubernetes:helm.sh/v3:Release"


def _immutable_paths(token: str) -> tuple[str, ...]:
    return (*_ALWAYS_IMMUTABLE, *_IMMUTABLE.get(token.rsplit(":", 1)[-1], ()))


def _identity(manifest: Mapping[str, Any]) -> tuple[Any, Any]:
    metadata = manifest.get("metadata")
    holder = metadata if isinstance(metadata, Mapping) else manifest
    return holder.get("namespace"), holder.get("name")


def _earlier_automatic_name(olds: Mapping[str, Any]) -> str | None:
    metadata = olds.get("metadata") or {}
    autonamed = (metadata.get("annotations") or {}).get(_AUTONAMED) == "true"
    return metadata.get("name") if autonamed else None


def _automatic_name(logical: str, request) -> str:
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        return request.autonaming.proposed_name
    seed = request.randomSeed or request.urn.encode()
    return f"{logical.lower()}-{hashlib.sha256(seed).hexdigest()[:8]}"


def _set_in_metadata(
    checked: struct_pb2.Struct, fields: Mapping[str, Any], annotations: Mapping[str, str]
) -> None:
    metadata = checked.fields["metadata"].struct_value
    for key, value in fields.items():
        metadata.fields[key].CopyFrom(to_value(value))
    inner = metadata.fields["annotations"].struct_value
    for key, value in annotations.items():
        inner.fields[key].CopyFrom(to_value(value))
    metadata.fields["annotations"].struct_value.CopyFrom(inner)
    checked.fields["metadata"].struct_value.CopyFrom(metadata)


def _key(token: str, resource_id: str) -> str:
    """The identity of an object in the cluster: its kind, whatever the API version, and its id."""
    return f"{token.rsplit(':', 1)[-1]}|{resource_id}"


def _type_in(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]
