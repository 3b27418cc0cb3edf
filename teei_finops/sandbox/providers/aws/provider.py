# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The fake AWS provider: checks inputs as the real one does and creates resources in a fake account."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.api import AwsError
from teei_finops.sandbox.providers.aws.data_sources import DataSourceError, read_data_source
from teei_finops.sandbox.providers.aws.fake_outputs import fake_outputs
from teei_finops.sandbox.providers.aws.identifiers import ACCOUNT, automatic_name, name_property, new_id
from teei_finops.sandbox.providers.aws.replacements import replaces
from teei_finops.sandbox.providers.aws.resource_handler import ResourceState
from teei_finops.sandbox.providers.aws.resources import handler_for
from teei_finops.sandbox.providers.aws.schema import Schema, schema_of
from teei_finops.sandbox.providers.fake_provider import FakeProvider, invoke_response, logical_name
from teei_finops.sandbox.providers.property_diff import Difference, diff_response, differences
from teei_finops.sandbox.providers.property_values import (
    UNKNOWN,
    Unknown,
    struct_to_python,
    to_struct,
    to_value,
    with_outputs,
)

# The input that lists which properties the provider filled in.
_DEFAULTS = "__defaults"


@dataclass(frozen=True)
class Settings:
    """The configuration of one AWS provider of the program."""

    region: str = "us-east-1"
    account: str = ACCOUNT
    default_tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], fallback_region: str) -> "Settings":
        """From the provider's arguments, in which nested values are JSON texts."""
        accounts = _parsed(config.get("allowedAccountIds")) or []
        tags = _parsed(config.get("defaultTags")) or {}
        region = config.get("region")
        return cls(
            region=region if isinstance(region, str) and region else fallback_region,
            account=str(accounts[0]) if accounts and isinstance(accounts, list) else ACCOUNT,
            default_tags={key: value for key, value in (tags.get("tags") or {}).items() if value is not None}
            if isinstance(tags, dict)
            else {},
        )


class FakeAwsProvider(FakeProvider):
    """One server for every AWS provider of a program; the connection tells them apart."""

    def __init__(self, version: str, account: FakeAccount, fallback_region: str = "us-east-1"):
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
        changes = list(differences(_without_version(request.old_inputs), _without_version(request.news)))
        return diff_response(changes, lambda _: False)

    def Check(self, request, context):
        token, logical = request.type, logical_name(request.urn)
        schema = schema_of(token)
        if schema is None:
            failure = provider_pb2.CheckFailure(
                reason=f"the AWS provider {self.version} has no resource type {token}"
            )
            return provider_pb2.CheckResponse(failures=[failure])
        inputs, olds = struct_to_python(request.news), struct_to_python(request.olds)
        failures = [
            provider_pb2.CheckFailure(property=error.path, reason=f"{error.reason} (resource '{logical}')")
            for error in schema.errors(inputs)
        ]
        if failures:
            return provider_pb2.CheckResponse(failures=failures)
        checked = struct_pb2.Struct()
        checked.CopyFrom(request.news)
        self._add_default_tags(checked, inputs, schema, context)
        name = name_property(token)
        if name and inputs.get(name) is None and inputs.get(f"{name}Prefix") is None:
            checked.fields[name].CopyFrom(to_value(_default_name(request, name, inputs, olds)))
            checked.fields[_DEFAULTS].CopyFrom(to_value([name]))
        return provider_pb2.CheckResponse(inputs=checked)

    def _add_default_tags(self, checked, inputs: Mapping[str, Any], schema: Schema, context) -> None:
        """Put the default tags into the inputs, as the provider does, so that policies see them."""
        defaults = self._settings_of(context).default_tags
        if not defaults or "tags" not in schema.inputs or "tagsAll" not in schema.outputs:
            return
        own = inputs.get("tags")
        if not isinstance(own, Unknown):
            checked.fields["tags"].CopyFrom(to_value(_merged_tags(defaults, own)))

    def Diff(self, request, context):
        olds, news = struct_to_python(request.old_inputs), struct_to_python(request.news)
        changes = list(differences(olds, news))
        state, region = struct_to_python(request.olds), self._settings_of(context).region
        if "region" not in news and "region" not in olds and state.get("region", region) != region:
            changes.append(Difference(path="region", top="region", kind="UPDATE"))
        name = name_property(request.type)
        named_by_program = name is not None and name not in (news.get(_DEFAULTS) or [])
        return diff_response(
            changes,
            lambda change: replaces(request.type, change.top),
            delete_before_replace=named_by_program and olds.get(name) == news.get(name),
        )

    def Create(self, request, context):
        inputs, settings = struct_to_python(request.properties), self._settings_of(context)
        known = _known_outputs(request.type, inputs, settings)
        if request.preview:  # an output that is left out is unknown to the program and to policies
            return provider_pb2.CreateResponse(properties=with_outputs(request.properties, known))
        region = inputs.get("region") or settings.region
        try:
            state = self._account.create(request.type, inputs, region, settings.account)
        except AwsError as error:
            return _abort(context, "creating", request.urn, error)
        if state is None:
            state = ResourceState(id=new_id(request.type, inputs, request.urn))
        schema = schema_of(request.type)
        assert schema is not None  # Check rejects every other type
        outputs = fake_outputs(schema, request.type, state.id, region, settings.account, inputs)
        return provider_pb2.CreateResponse(
            id=state.id, properties=with_outputs(request.properties, {**outputs, **state.outputs, **known})
        )

    def Update(self, request, context):
        inputs = struct_to_python(request.news)
        known = _known_outputs(request.type, inputs, self._settings_of(context))
        handler = handler_for(request.type)
        recomputed = (
            handler.recomputed_outputs(struct_to_python(request.old_inputs), inputs)
            if handler
            else frozenset()
        )
        unchanged = {
            name: value
            for name, value in struct_to_python(request.olds).items()
            if name not in inputs and name not in recomputed and _is_output(request.type, name)
        }
        if request.preview:
            return provider_pb2.UpdateResponse(properties=with_outputs(request.news, {**unchanged, **known}))
        try:
            state = self._account.update(request.type, request.id, inputs)
        except AwsError as error:
            return _abort(context, "updating", request.urn, error)
        outputs = {**unchanged, **(state.outputs if state else {}), **known}
        return provider_pb2.UpdateResponse(properties=with_outputs(request.news, outputs))

    def Delete(self, request, context):
        try:
            self._account.delete(request.type, request.id)
        except AwsError as error:
            return _abort(context, "deleting", request.urn, error)
        return empty_pb2.Empty()

    def Read(self, request, context):
        """The state as it is (refresh), or the resource that an id identifies (`Resource.get`)."""
        properties, settings = struct_to_python(request.properties), self._settings_of(context)
        if properties and handler_for(request.type) and not self._account.holds(request.type, request.id):
            return provider_pb2.ReadResponse()  # an empty id: the resource no longer exists
        schema = schema_of(request.type)
        if schema is None or len(properties) > 1:
            return super().Read(request, context)
        name = name_property(request.type) or "name"
        inputs = {name: request.id} if name in schema.inputs else {}
        outputs = fake_outputs(schema, request.type, request.id, settings.region, settings.account, inputs)
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct({**inputs, **outputs}), inputs=to_struct(inputs)
        )

    def Invoke(self, request, context):
        arguments, settings = struct_to_python(request.args), self._settings_of(context)
        region = arguments.get("region") or settings.region
        try:
            return invoke_response(read_data_source(request.tok, arguments, region, settings.account))
        except DataSourceError as error:
            return context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))


def _known_outputs(token: str, inputs: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The outputs that the provider knows in a preview."""
    schema, known = schema_of(token), {}
    if schema and "tagsAll" in schema.outputs:
        tags = _merged_tags(settings.default_tags, inputs.get("tags"))
        if not isinstance(tags, Unknown):
            known["tagsAll"] = tags
    if schema and "region" in schema.outputs and "region" not in inputs:
        known["region"] = settings.region
    return known


def _is_output(token: str, name: str) -> bool:
    schema = schema_of(token)
    return schema is not None and name not in schema.inputs and not name.startswith("__")


def _default_name(request, name: str, inputs: Mapping[str, Any], olds: Mapping[str, Any]) -> str:
    """The name from an earlier run, else the one that the project's autonaming proposes, else a new one."""
    if name in (olds.get(_DEFAULTS) or []) and isinstance(olds.get(name), str):
        return olds[name]
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        return request.autonaming.proposed_name
    seed = request.randomSeed or request.urn.encode()
    return automatic_name(request.type, logical_name(request.urn), seed, inputs)


def _merged_tags(defaults: Mapping[str, Any], own: Any) -> Any:
    """The default tags, overridden by the resource's own; unknown if the own tags are unknown."""
    return UNKNOWN if isinstance(own, Unknown) else {**defaults, **(own or {})}


def _without_version(struct: struct_pb2.Struct) -> dict[str, Any]:
    return {key: value for key, value in struct_to_python(struct).items() if key != "version"}


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _abort(context, action: str, urn: str, error: AwsError):
    return context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{action} {logical_name(urn)}: {error}")
