# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The AWS stand-in: checks inputs as the provider does, and makes the mission's types in a moto account."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.aws.account import Account
from teei_finops.sandbox.providers.aws.data_sources import UnansweredError, answer
from teei_finops.sandbox.providers.aws.identity import (
    ACCOUNT,
    automatic_name,
    merged_tags,
    name_property,
    new_id,
    plausible_outputs,
)
from teei_finops.sandbox.providers.aws.replacements import replaces
from teei_finops.sandbox.providers.aws.resources import Made, RefusedError, maker_of, unknown_again
from teei_finops.sandbox.providers.aws.schema import Schema, schema_of
from teei_finops.sandbox.providers.fake_provider import FakeProvider, invoke_response
from teei_finops.sandbox.providers.property_diff import Difference, diff_response, differences
from teei_finops.sandbox.providers.property_values import (
    Unknown,
    struct_to_python,
    to_struct,
    to_value,
    with_outputs,
)

_DEFAULTS = "__defaults"


@dataclass(frozen=True)
class Settings:
    """How one provider of the program is configured."""

    region: str = "us-east-1"
    account: str = ACCOUNT
    default_tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], fallback_region: str) -> "Settings":
        """The provider's own configuration; nested values arrive as JSON texts."""
        accounts = _decoded(config.get("allowedAccountIds")) or []
        tags = _decoded(config.get("defaultTags")) or {}
        region = config.get("region")
        return cls(
            region=region if isinstance(region, str) and region else fallback_region,
            account=str(accounts[0]) if accounts and isinstance(accounts, list) else ACCOUNT,
            default_tags={key: value for key, value in (tags.get("tags") or {}).items() if value is not None}
            if isinstance(tags, dict)
            else {},
        )


class FakeAwsProvider(FakeProvider):
    """One server for every AWS provider of a program; the connection tells which one is asking."""

    def __init__(self, version: str, account: Account, fallback_region: str = "us-east-1"):
        super().__init__(version)
        self._account = account
        self._fallback_region = fallback_region
        self._settings: dict[str, Settings] = {}

    def Configure(self, request, context):
        self._settings[context.peer()] = Settings.from_config(
            struct_to_python(request.args), self._fallback_region
        )
        return super().Configure(request, context)

    def _settings_of(self, context) -> Settings:
        return self._settings.get(context.peer()) or Settings(region=self._fallback_region)

    def DiffConfig(self, request, context):
        found = list(differences(_without_version(request.old_inputs), _without_version(request.news)))
        return diff_response(found, lambda _: False)

    def Check(self, request, context):
        token, logical = request.type, request.urn.rsplit("::", 1)[-1]
        schema = schema_of(token)
        if schema is None:
            return _refused("", f"the AWS provider {self.version} has no resource type {token}")
        inputs, olds = struct_to_python(request.news), struct_to_python(request.olds)
        failures = [
            provider_pb2.CheckFailure(
                property=problem.path, reason=f"{problem.reason} (resource '{logical}')"
            )
            for problem in schema.problems(inputs)
        ]
        if failures:
            return provider_pb2.CheckResponse(failures=failures)
        checked = struct_pb2.Struct()
        checked.CopyFrom(request.news)
        self._add_default_tags(checked, inputs, schema, context)
        name = name_property(token)
        if name and inputs.get(name) is None and inputs.get(f"{name}Prefix") is None:
            checked.fields[name].CopyFrom(to_value(_chosen_name(request, name, inputs, olds, logical)))
            checked.fields[_DEFAULTS].CopyFrom(to_value([name]))
        return provider_pb2.CheckResponse(inputs=checked)

    def _add_default_tags(self, checked, inputs: Mapping[str, Any], schema: Schema, context) -> None:
        """The provider puts its default tags into the inputs, so that policies see them."""
        defaults = self._settings_of(context).default_tags
        if not defaults or "tags" not in schema.inputs or "tagsAll" not in schema.outputs:
            return
        own = inputs.get("tags")
        if not isinstance(own, Unknown):
            checked.fields["tags"].CopyFrom(to_value(merged_tags(defaults, own)))

    def Diff(self, request, context):
        olds, news = struct_to_python(request.old_inputs), struct_to_python(request.news)
        found = list(differences(olds, news))
        state, region = struct_to_python(request.olds), self._settings_of(context).region
        if "region" not in news and "region" not in olds and state.get("region", region) != region:
            found.append(Difference(path="region", top="region", kind="UPDATE"))
        name = name_property(request.type)
        chosen_by_hand = name is not None and name not in (news.get(_DEFAULTS) or [])
        return diff_response(
            found,
            lambda item: replaces(request.type, item.top),
            delete_before_replace=chosen_by_hand and olds.get(name) == news.get(name),
        )

    def Create(self, request, context):
        inputs, settings = struct_to_python(request.properties), self._settings_of(context)
        known = self._known_outputs(request.type, inputs, settings)
        if request.preview:  # what is left out is unknown to the program and to policies
            return provider_pb2.CreateResponse(properties=with_outputs(request.properties, known))
        region = inputs.get("region") or settings.region
        try:
            made = self._account.create(request.type, inputs, region, settings.account) or self._generic(
                request.type, request.urn, inputs, region, settings
            )
        except RefusedError as error:
            return _aborted(context, request.urn, "creating", error)
        outputs = {**self._left_open(request.type, made, region, settings, inputs), **made.outputs, **known}
        return provider_pb2.CreateResponse(id=made.id, properties=with_outputs(request.properties, outputs))

    def Update(self, request, context):
        inputs, settings = struct_to_python(request.news), self._settings_of(context)
        known = self._known_outputs(request.type, inputs, settings)
        olds = struct_to_python(request.olds)
        again = unknown_again(request.type, struct_to_python(request.old_inputs), inputs)
        kept = {
            key: value
            for key, value in olds.items()
            if key not in inputs and key not in again and self._is_output(request.type, key)
        }
        if request.preview:
            return provider_pb2.UpdateResponse(properties=with_outputs(request.news, {**kept, **known}))
        try:
            made = self._account.update(request.type, request.id, inputs)
        except RefusedError as error:
            return _aborted(context, request.urn, "updating", error)
        outputs = {**kept, **(made.outputs if made else {}), **known}
        return provider_pb2.UpdateResponse(properties=with_outputs(request.news, outputs))

    def Delete(self, request, context):
        try:
            self._account.delete(request.type, request.id)
        except RefusedError as error:
            return _aborted(context, request.urn, "deleting", error)
        return empty_pb2.Empty()

    def Read(self, request, context):
        """What the state says; for a resource that is only looked up, what its id says."""
        properties, settings = struct_to_python(request.properties), self._settings_of(context)
        if len(properties) > 1 or maker_of(request.type):
            held = self._account.holds(request.type, request.id)
            if not held and maker_of(request.type) and properties:
                return provider_pb2.ReadResponse()  # gone, and the engine will say so
        schema = schema_of(request.type)
        if schema is None or len(properties) > 1:
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        name = name_property(request.type) or "name"
        inputs = {name: request.id} if name in schema.inputs else {}
        outputs = plausible_outputs(
            schema, request.type, request.id, settings.region, settings.account, inputs
        )
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct({**inputs, **outputs}), inputs=to_struct(inputs)
        )

    def Invoke(self, request, context):
        arguments, settings = struct_to_python(request.args), self._settings_of(context)
        try:
            found = answer(
                request.tok, arguments, arguments.get("region") or settings.region, settings.account
            )
        except UnansweredError as error:
            return context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        return invoke_response(found)

    def _known_outputs(self, token: str, inputs: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
        """Outputs the provider knows before AWS answers."""
        schema, known = schema_of(token), {}
        if schema and "tagsAll" in schema.outputs:
            tags = merged_tags(settings.default_tags, inputs.get("tags"))
            if not isinstance(tags, Unknown):
                known["tagsAll"] = tags
        if schema and "region" in schema.outputs and "region" not in inputs:
            known["region"] = settings.region
        return known

    def _generic(
        self, token: str, urn: str, inputs: Mapping[str, Any], region: str, settings: Settings
    ) -> Made:
        resource_id = new_id(token, inputs, urn)
        return Made(id=resource_id, outputs={})

    def _left_open(
        self, token: str, made: Made, region: str, settings: Settings, inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        schema = schema_of(token)
        assert schema is not None  # Check refused every other type
        return plausible_outputs(schema, token, made.id, region, settings.account, inputs)

    def _is_output(self, token: str, name: str) -> bool:
        schema = schema_of(token)
        return schema is not None and name not in schema.inputs and not name.startswith("__")


def _chosen_name(request, name: str, inputs: Mapping[str, Any], olds: Mapping[str, Any], logical: str) -> str:
    """The name the resource already has, the one the project's autonaming rules propose, or a new one."""
    if name in (olds.get(_DEFAULTS) or []) and isinstance(olds.get(name), str):
        return olds[name]
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        return request.autonaming.proposed_name
    return automatic_name(request.type, logical, request.randomSeed or request.urn.encode(), inputs)


def _without_version(struct: struct_pb2.Struct) -> dict[str, Any]:
    return {key: value for key, value in struct_to_python(struct).items() if key != "version"}


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _refused(path: str, reason: str) -> provider_pb2.CheckResponse:
    return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(property=path, reason=reason)])


def _aborted(context, urn: str, doing: str, error: RefusedError):
    return context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{doing} {urn.rsplit('::', 1)[-1]}: {error}")
