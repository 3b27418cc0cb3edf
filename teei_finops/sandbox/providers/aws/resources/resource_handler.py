# ruff: noqa: ARG002 every maker is called in the same way
"""What makers of AWS resources share."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from teei_finops.sandbox.providers.aws.resources.constraints import broken_constraints


class RefusedError(Exception):
    """AWS would refuse this; the text is AWS's own."""


@dataclass(frozen=True)
class Made:
    """A resource as AWS invoke_response: its id and the outputs that the provider reads from the answer.

    `kept` comes back with the inputs of a later call; its keys begin with two underscores.
    """

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Clients:
    """boto3 clients for one region of one account."""

    region: str
    account: str

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """Call AWS, None parameters left out; raises RefusedError with AWS's text."""
        client = _client(service, self.region)
        given = without_none(parameters)
        self._check(client, operation, given)
        try:
            return getattr(client, xform_name(operation))(**given)
        except (ClientError, ParamValidationError) as error:
            raise RefusedError(str(error)) from error

    def only_validate(self, service: str, operation: str, **parameters: Any) -> None:
        """Check parameters against the service's own model, for what moto does not have."""
        from botocore.validate import validate_parameters

        client = _client(service, self.region)
        given = without_none(parameters)
        self._check(client, operation, given)
        try:
            validate_parameters(given, client.meta.service_model.operation_model(operation).input_shape)
        except ParamValidationError as error:
            raise RefusedError(str(error)) from error

    def attempt(self, service: str, operation: str, *, absent: Sequence[str], **parameters: Any) -> Any:
        """As `call`; None where AWS says that the thing is not there, with one of these error codes."""
        try:
            return self.call(service, operation, **parameters)
        except RefusedError as error:
            if (
                isinstance(error.__cause__, ClientError)
                and error.__cause__.response["Error"]["Code"] in absent
            ):
                return None
            raise

    def _check(self, client: Any, operation: str, given: Mapping[str, Any]) -> None:
        shape = client.meta.service_model.operation_model(operation).input_shape
        broken = list(broken_constraints(shape, given, "")) if shape is not None else []
        if broken:
            raise RefusedError(
                f"An error occurred (ValidationException) when calling the {operation} operation: "
                + "; ".join(broken)
            )


@cache
def _client(service: str, region: str) -> Any:
    make: Any = boto3.client  # its types are one overload for each service by name
    return make(service, region_name=region)


class Maker:
    """How one type is made, changed and removed; an update repeats the creation where AWS puts as a whole."""

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        raise NotImplementedError

    def again(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        """As `create`, in a later process, for what is there already."""
        return self.create(aws, inputs)

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        return self.create(aws, inputs)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def unknown_again(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> frozenset[str]:
        """The outputs that such an update leaves open until it is made."""
        return frozenset()


_MAKERS: dict[str, Maker] = {}


def makes(*tokens: str) -> Callable[[type[Maker]], type[Maker]]:
    """Registers a maker for resource types."""

    def register(maker: type[Maker]) -> type[Maker]:
        for token in tokens:
            _MAKERS[token] = maker()
        return maker

    return register


def registered(token: str) -> Maker | None:
    return _MAKERS.get(token)


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without the keys whose value is None."""
    return {key: value for key, value in values.items() if value is not None}


def pascal(value: Any) -> Any:
    """Keys as the API writes them: `comparisonOperator` becomes `ComparisonOperator`, at every depth."""
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: pascal(item) for key, item in value.items() if item is not None}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{key: name, value: str(content)} for name, content in (tags or {}).items()]


def json_text(value: Any, what: str) -> str | None:
    """A policy document as text; raises RefusedError when a text is not JSON."""
    if value is None:
        return None
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except ValueError as error:
        raise RefusedError(f"MalformedPolicyDocument: {what} is not JSON: {error}") from error
    return value
