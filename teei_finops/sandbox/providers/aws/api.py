"""AWS API calls as the handlers make them: checked against the service's own model, with AWS's error text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from teei_finops.sandbox.providers.aws.api_constraints import constraint_violations


class AwsError(Exception):
    """AWS rejects the request; the text is AWS's own."""


@dataclass(frozen=True)
class Clients:
    """boto3 clients for one region of one account."""

    region: str
    account: str

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """The response of an operation, called without the parameters that are None; raises AwsError."""
        client = _client(service, self.region)
        given = without_none(parameters)
        _check_constraints(client, operation, given)
        try:
            return getattr(client, xform_name(operation))(**given)
        except (ClientError, ParamValidationError) as error:
            raise AwsError(str(error)) from error

    def call_if_exists(
        self, service: str, operation: str, *, not_found: Sequence[str], **parameters: Any
    ) -> Any:
        """As `call`; None when AWS answers with one of the error codes in `not_found`."""
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] in not_found:
                return None
            raise

    def validate(self, service: str, operation: str, **parameters: Any) -> None:
        """Check parameters against the service's model without a call, for operations that moto lacks."""
        from botocore.validate import validate_parameters

        client = _client(service, self.region)
        given = without_none(parameters)
        _check_constraints(client, operation, given)
        try:
            validate_parameters(given, client.meta.service_model.operation_model(operation).input_shape)
        except ParamValidationError as error:
            raise AwsError(str(error)) from error


def _check_constraints(client: Any, operation: str, parameters: Mapping[str, Any]) -> None:
    shape = client.meta.service_model.operation_model(operation).input_shape
    violations = list(constraint_violations(shape, parameters, "")) if shape is not None else []
    if violations:
        raise AwsError(
            f"An error occurred (ValidationException) when calling the {operation} operation: "
            + "; ".join(violations)
        )


@cache
def _client(service: str, region: str) -> Any:
    create: Any = boto3.client  # its type hints have one overload for each literal service name
    configure: Any = Config  # its type hints lack the option
    # The process may have the endpoint URL of the program's own SDKs in its environment.
    return create(service, region_name=region, config=configure(ignore_configured_endpoint_urls=True))


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without the keys whose value is None."""
    return {key: value for key, value in values.items() if value is not None}


def pascal_case(value: Any) -> Any:
    """Provider keys as the API writes them, at every depth: `comparisonOperator` → `ComparisonOperator`."""
    if isinstance(value, Mapping):
        return {
            key[:1].upper() + key[1:]: pascal_case(item) for key, item in value.items() if item is not None
        }
    return [pascal_case(item) for item in value] if isinstance(value, list) else value


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{key: name, value: str(content)} for name, content in (tags or {}).items()]


def json_text(value: Any, description: str) -> str | None:
    """A policy document as text; raises AwsError when a text is not JSON."""
    if value is None:
        return None
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except ValueError as error:
        raise AwsError(f"MalformedPolicyDocument: {description} is not JSON: {error}") from error
    return value
