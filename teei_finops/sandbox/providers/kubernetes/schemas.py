"""Checks of an object against Kubernetes' OpenAPI schemas and KEDA's custom resource definitions."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from teei_finops.sandbox.providers.field_error import FieldError
from teei_finops.sandbox.providers.property_values import Unknown, has_unknown

_BUILT_IN = frozenset({
    "", "apps", "batch", "autoscaling", "policy", "admissionregistration.k8s.io", "apiextensions.k8s.io",
    "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io",
    "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "resource.k8s.io",
    "scheduling.k8s.io", "storage.k8s.io",
})  # fmt: skip
CLUSTER_SCOPED = frozenset({
    "APIService", "CertificateSigningRequest", "ClusterIssuer", "ClusterRole", "ClusterRoleBinding",
    "ClusterTriggerAuthentication", "CSIDriver", "CSINode", "CustomResourceDefinition", "DeviceClass",
    "EC2NodeClass", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
    "NodeClaim", "NodePool", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration",
    "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration", "VolumeAttachment",
})  # fmt: skip
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.:]*[a-z0-9])?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def schema_errors(manifest: Mapping[str, Any]) -> Iterator[FieldError]:
    """The fields of an object that the API server would reject; an unknown value is accepted."""
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        yield FieldError("apiVersion", "apiVersion and kind are required")
        return
    yield from _metadata_errors(manifest.get("metadata"))
    group = api_version.rpartition("/")[0]
    if group == "keda.sh":
        yield from (error for error in keda_errors(manifest) if not is_trigger_value(error))
    elif group in _BUILT_IN:
        yield from _openapi_errors(api_version, kind, manifest)


def is_trigger_value(error: FieldError) -> bool:
    """Whether it is in the metadata of a trigger: the cluster reports it on creation, not in a preview."""
    return re.match(r"spec\.triggers\[\d+\]\.metadata\.", error.path) is not None


def keda_errors(manifest: Mapping[str, Any]) -> Iterator[FieldError]:
    """The fields that KEDA's definition rejects; unknown fields and values of another type included."""
    import cloudcoil.models.keda.v1alpha1 as models  # imported late: takes 0.5 s
    from pydantic import ValidationError

    model = getattr(models, str(manifest["kind"]), None)
    if manifest["apiVersion"] != "keda.sh/v1alpha1" or model is None:
        yield FieldError(
            "kind", f'no matches for kind "{manifest["kind"]}" in version "{manifest["apiVersion"]}"'
        )
        return
    try:
        model.model_validate(
            {**manifest, "metadata": {"name": "checked-elsewhere"}}, strict=True, extra="forbid"
        )
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            value = item["input"]
            if isinstance(value, Unknown) and item["type"] != "extra_forbidden":
                continue
            if item["type"] == "model_type" and has_unknown(value):
                continue
            yield FieldError(_path(_without_model_names(item["loc"])), item["msg"])


def _metadata_errors(metadata: Any) -> Iterator[FieldError]:
    if metadata is None or isinstance(metadata, Unknown):
        return
    if not isinstance(metadata, Mapping):
        yield FieldError("metadata", "must be an object")
        return
    for field, max_length in (("name", 253), ("namespace", 63)):
        value = metadata.get(field)
        if isinstance(value, str) and (len(value) > max_length or not _NAME.fullmatch(value)):
            yield FieldError(
                f"metadata.{field}", f"{value!r} is not a DNS name of lower-case letters, digits and -"
            )
    labels = metadata.get("labels")
    for key, value in labels.items() if isinstance(labels, Mapping) else ():
        if not _LABEL_KEY.fullmatch(key):
            yield FieldError(f"metadata.labels.{key}", f"{key!r} is not a valid label key")
        if isinstance(value, str) and not _LABEL_VALUE.fullmatch(value):
            reason = f"{value!r} is not a valid label value: at most 63 letters, digits, -, _ and ."
            yield FieldError(f"metadata.labels.{key}", reason)


def _openapi_errors(api_version: str, kind: str, manifest: Mapping[str, Any]) -> Iterator[FieldError]:
    validator = _validator(api_version, kind)
    if validator is None:
        yield FieldError("kind", f'no matches for kind "{kind}" in version "{api_version}"')
        return
    for error in validator.iter_errors(dict(manifest)):
        unknown = isinstance(error.instance, Unknown)
        if unknown or (error.validator in ("anyOf", "oneOf") and has_unknown(error.instance)):
            continue
        yield FieldError(_path(error.absolute_path), _message(error))


@cache
def _validator(api_version: str, kind: str) -> Any:
    from jsonschema.validators import Draft202012Validator
    from kubernetes_validate import utils
    from referencing import Registry, Resource

    group, _, version = api_version.rpartition("/")
    short = f"{group.split('.')[0]}-{version}" if group else version
    directory = f"kubernetes-json-schema/v{utils.latest_version()}-local-strict"
    try:
        schema = utils.schema_contents(f"{directory}/{kind.lower()}-{short}.json", utils.latest_version())
    except FileNotFoundError:
        return None
    definitions = _definitions(directory)
    registry = Resource.from_contents(definitions) @ (Resource.from_contents(schema) @ Registry())
    return Draft202012Validator(schema, registry=registry)


@cache
def _definitions(directory: str) -> Any:
    from kubernetes_validate import utils

    return utils.schema_contents(f"{directory}/_definitions.json", utils.latest_version())


def _message(error: Any) -> str:
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = sorted(key for key in error.instance if key not in known)
        return f"unknown field {', '.join(repr(key) for key in unknown)}"
    text = error.message
    return text if len(text) <= 200 else f"{text[:200]}…"


def _without_model_names(location: tuple[int | str, ...]) -> list[int | str]:
    """The path without the model names that pydantic adds; field names are never capitalized."""
    return [part for part in location if isinstance(part, int) or not part[:1].isupper()]


def _path(parts: Any) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "object"
