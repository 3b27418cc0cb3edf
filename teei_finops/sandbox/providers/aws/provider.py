# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The fake AWS provider: checks inputs as the real one does, and computes outputs from them.

With an account, the types that it supports are also created there.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed_version
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.api import AwsError
from teei_finops.sandbox.providers.aws.data_sources import DataSourceError, read_data_source
from teei_finops.sandbox.providers.aws.fake_outputs import existing_outputs, fake_outputs
from teei_finops.sandbox.providers.aws.identifiers import (
    arn,
    automatic_name,
    existing_identity,
    name_property,
    new_identity,
)
from teei_finops.sandbox.providers.aws.provider_settings import Settings
from teei_finops.sandbox.providers.aws.replacements import replaces
from teei_finops.sandbox.providers.aws.resource_handler import ResourceState
from teei_finops.sandbox.providers.aws.resources import handler_for
from teei_finops.sandbox.providers.fake_provider import FakeProvider, invoke_response, logical_name
from teei_finops.sandbox.providers.input_checks import converted_inputs, input_errors
from teei_finops.sandbox.providers.lookups import StatedResult
from teei_finops.sandbox.providers.plausible_values import Subject
from teei_finops.sandbox.providers.property_diff import Difference, diff_response, differences
from teei_finops.sandbox.providers.property_values import (
    UNKNOWN,
    Unknown,
    struct_to_python,
    to_struct,
    to_value,
    with_outputs,
)
from teei_finops.sandbox.providers.sdk_schema import Schema, schema_of, sdk_version

# The input that marks a resource that the program imports, until the engine stores the program's inputs.
_IMPORTED = "__imported"
# The input that lists which properties the provider filled in.
_DEFAULTS = "__defaults"
_NO_SCHEMA = Schema(inputs={}, required=frozenset(), outputs={}, forces_new=frozenset())


class FakeAwsProvider(FakeProvider):
    """One server for every AWS provider of a program; the connection tells them apart."""

    def __init__(
        self,
        version: str,
        account: FakeAccount | None,
        fallback_region: str = "us-east-1",
        stated_results: Sequence[StatedResult] = (),
        tokens: frozenset[str] = frozenset(),
    ):
        super().__init__("aws", version, tokens)
        self._account = account
        self._fallback_region = fallback_region
        self._stated_results = stated_results
        self._settings: dict[str, Settings] = {}
        installed = installed_version("pulumi_aws")
        self._schema_version = installed if _is_same_major(version, installed) else sdk_version("aws") or ""

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
        is_checked = self._has_schemas(context)
        schema = schema_of(token) or (None if is_checked else _NO_SCHEMA)
        if schema is None:
            failure = provider_pb2.CheckFailure(
                reason=f"the AWS provider {self.version} has no resource type {token}"
            )
            return provider_pb2.CheckResponse(failures=[failure])
        inputs, olds = struct_to_python(request.news), struct_to_python(request.olds)
        failures = [
            provider_pb2.CheckFailure(property=error.path, reason=f"{error.reason} (resource '{logical}')")
            for error in (input_errors(schema, inputs) if is_checked else ())
        ]
        if failures:
            return provider_pb2.CheckResponse(failures=failures)
        checked = converted_inputs(schema, request.news)
        self._add_default_tags(checked, struct_to_python(checked), schema, context)
        name = name_property(token)
        if name and inputs.get(name) is None and inputs.get(f"{name}Prefix") is None:
            checked.fields[name].CopyFrom(to_value(_default_name(request, name, inputs, olds)))
            checked.fields[_DEFAULTS].CopyFrom(to_value([name]))
        return provider_pb2.CheckResponse(inputs=checked)

    def _has_schemas(self, context) -> bool:
        """Whether the schemas are of the same major version as the SDK of the program or component.

        Another major version has other inputs, which are accepted as they are.
        """
        version = self._settings_of(context).sdk_version or self.version
        return _is_same_major(version, self._schema_version)

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
        if olds.get(_IMPORTED):  # the resource is assumed to be as the program declares it
            return diff_response([], lambda _: False)
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
        identity = new_identity(request.type, inputs, request.urn, region, settings.account)
        try:
            state = self._create_in_account(request.type, inputs, region, settings.account)
        except AwsError as error:
            return _abort(context, "creating", request.urn, error)
        state = state or ResourceState(id=identity.id)
        schema = schema_of(request.type) or _NO_SCHEMA
        resource_arn = identity.arn if state.id == identity.id else arn(request.type, state.id, region)
        outputs = fake_outputs(
            schema,
            request.type,
            Subject.identified_by(state.id, region, settings.account, resource_arn),
            inputs,
        )
        return provider_pb2.CreateResponse(
            id=state.id, properties=with_outputs(request.properties, {**outputs, **state.outputs, **known})
        )

    def _create_in_account(
        self, token: str, inputs: Mapping[str, Any], region: str, account: str
    ) -> ResourceState | None:
        return self._account.create(token, inputs, region, account) if self._account else None

    def Update(self, request, context):
        inputs, old_inputs = struct_to_python(request.news), struct_to_python(request.old_inputs)
        known = _known_outputs(request.type, inputs, self._settings_of(context))
        handler = handler_for(request.type)
        recomputed = handler.recomputed_outputs(old_inputs, inputs) if handler else frozenset()
        unchanged = {
            name: value
            for name, value in struct_to_python(request.olds).items()
            if name not in {*inputs, *old_inputs, *recomputed} and not name.startswith("__")
        }
        if request.preview:
            return provider_pb2.UpdateResponse(properties=with_outputs(request.news, {**unchanged, **known}))
        try:
            state = self._account.update(request.type, request.id, inputs) if self._account else None
        except AwsError as error:
            return _abort(context, "updating", request.urn, error)
        outputs = {**unchanged, **(state.outputs if state else {}), **known}
        return provider_pb2.UpdateResponse(properties=with_outputs(request.news, outputs))

    def Delete(self, request, context):
        try:
            if self._account:
                self._account.delete(request.type, request.id)
        except AwsError as error:
            return _abort(context, "deleting", request.urn, error)
        return empty_pb2.Empty()

    def Read(self, request, context):
        """The state as it is (refresh), or the resource that an id identifies (`get` and imports)."""
        properties, settings = struct_to_python(request.properties), self._settings_of(context)
        if properties and self._is_missing(request.type, request.id):
            return provider_pb2.ReadResponse()  # an empty id: the resource no longer exists
        schema = schema_of(request.type)
        if schema is None or request.inputs.fields or not properties.keys() <= schema.inputs.keys() | {"id"}:
            return super().Read(request, context)  # the state has outputs; `get` passes inputs only
        name = name_property(request.type) or "name"
        inputs = {name: request.id} if name in schema.inputs else {}
        region = properties.get("region") or settings.region
        identity = existing_identity(request.type, request.id, region, settings.account)
        subject = Subject.identified_by(request.id, region, settings.account, identity.arn)
        outputs = existing_outputs(schema, request.type, subject, {**inputs, **properties})
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(outputs), inputs=to_struct({**inputs, _IMPORTED: True})
        )

    def _is_missing(self, token: str, resource_id: str) -> bool:
        """Whether the account supports a type and has no such resource."""
        if self._account is None or not handler_for(token):
            return False
        return not self._account.holds(token, resource_id)

    def Invoke(self, request, context):
        arguments, settings = struct_to_python(request.args), self._settings_of(context)
        region = arguments.get("region") or settings.region
        try:
            result = read_data_source(request.tok, arguments, region, settings.account, self._stated_results)
        except DataSourceError as error:
            return context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        warning = result.warning(request.tok)
        if warning:
            self.warn(warning)
        return invoke_response(result.properties)


def _is_same_major(version: str, other: str) -> bool:
    return version.split(".")[0] == other.split(".")[0]


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


def _abort(context, action: str, urn: str, error: AwsError):
    return context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{action} {logical_name(urn)}: {error}")
