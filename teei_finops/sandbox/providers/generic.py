# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""A fake for every provider other than AWS and Kubernetes: it accepts all inputs and makes up the outputs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.echoed_inputs import echoed_inputs
from teei_finops.sandbox.providers.fake_provider import FakeProvider, invoke_response
from teei_finops.sandbox.providers.generated_values import generated_resource
from teei_finops.sandbox.providers.lookups import StatedResult, lookup
from teei_finops.sandbox.providers.packages import Package
from teei_finops.sandbox.providers.plausible_values import Subject, plausible_value
from teei_finops.sandbox.providers.property_diff import diff_response, differences
from teei_finops.sandbox.providers.property_values import struct_to_python, to_struct, with_outputs
from teei_finops.sandbox.providers.sdk_schema import schema_of


class GenericProvider(FakeProvider):
    """Accepts every resource of one provider; values of `random` are really random.

    The outputs are those of the package's Python SDK, where it is installed.
    """

    def __init__(
        self,
        package: Package,
        stated_results: Sequence[StatedResult] = (),
        tokens: frozenset[str] = frozenset(),
    ):
        super().__init__(package.name, package.version, tokens)
        self._package = package
        self._stated_results = stated_results

    def Diff(self, request, context):
        olds, news = struct_to_python(request.old_inputs), struct_to_python(request.news)
        replaces_all = self._package.name in ("random", "tls")  # a value is generated once
        return diff_response(list(differences(olds, news)), lambda _: replaces_all)

    def Create(self, request, context):
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=echoed_inputs(schema_of(request.type), request.properties)
            )
        inputs = struct_to_python(request.properties)
        resource_id, outputs = generated_resource(request.type, inputs)
        invented = _invented_outputs(request.type, resource_id, {**inputs, **outputs})
        echoed = echoed_inputs(schema_of(request.type), request.properties, _subject(resource_id))
        return provider_pb2.CreateResponse(
            id=resource_id, properties=with_outputs(echoed, {**invented, **outputs})
        )

    def Update(self, request, context):
        """The new inputs, and the outputs of the state."""
        inputs, state = struct_to_python(request.news), struct_to_python(request.olds)
        schema = schema_of(request.type)
        echoed = echoed_inputs(schema, request.news, None if request.preview else _subject(request.id))
        outputs = {
            name: value
            for name, value in state.items()
            if name not in inputs and schema is not None and name not in schema.inputs
        }
        return provider_pb2.UpdateResponse(properties=with_outputs(echoed, outputs))

    def Read(self, request, context):
        """The state as it is (refresh), or the resource that an id identifies (`get` and imports)."""
        if request.inputs.fields:
            return super().Read(request, context)
        known = struct_to_python(request.properties)
        outputs = {**_invented_outputs(request.type, request.id, known), **known}
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(outputs), inputs=to_struct(known)
        )

    def Invoke(self, request, context):
        arguments = struct_to_python(request.args)
        key = json.dumps(arguments, sort_keys=True, default=str)
        subject = _subject(Subject("", "", "").digits(f"{request.tok}{key}", 12))
        result = lookup(request.tok, arguments, subject, stated=self._stated_results)
        warning = result.warning(request.tok)
        if warning:
            self.warn(warning)
        return invoke_response(result.properties)

    def Construct(self, request, context):
        text = (
            f"{request.type} is a component, which only the plugin of {self._package.name} can expand: run "
            f"`pulumi plugin install resource {self._package.name} {self._package.version}`"
        )
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, text)


def _subject(key: str) -> Subject:
    return Subject.identified_by(key, "us-east-1", "123456789012")


def _invented_outputs(token: str, resource_id: str, known: Mapping[str, Any]) -> dict[str, Any]:
    schema = schema_of(token)
    return {
        name: plausible_value(name, annotation, _subject(resource_id))
        for name, annotation in (schema.outputs if schema else {}).items()
        if name not in known and name not in ("id", "urn") and name not in (schema.inputs if schema else ())
    }
