"""The calls to AWS: the only user of boto3 here. AWS_ENDPOINT_URL and the other variables of boto3 apply."""

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from retention.errors import RetentionError

# What a call of boto3 raises; the last where something other than AWS responds at AWS_ENDPOINT_URL.
_FAILURES = (ClientError, BotoCoreError, ResponseParserError)
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=60)


class Aws:
    """The clients of one account and Region, created on first use."""

    def __init__(self, account: str, region: str, session: Any = None) -> None:
        """`session` is a boto3 session, by default that of the environment.

        Raises RetentionError unless its credentials are of `account`.
        """
        self._session: Any = session or boto3.Session()  # its stubs know no service by a variable name
        self._region = region
        self._clients: dict[str, Any] = {}
        try:
            actual = self.call("sts", "get_caller_identity")["Account"]
        except RetentionError as error:
            raise RetentionError(f"{error}; --no-aws leaves AWS out") from None
        if actual != account:
            raise RetentionError(
                f"aws: the credentials are of the account {actual}, but the stack is in {account}"
                " (account_id); use credentials of that account"
            )

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call of a boto3 method. Raises RetentionError."""
        answer = self.find(service, operation, (), **parameters)
        assert answer is not None
        return answer

    def find(
        self, service: str, operation: str, absent: tuple[str, ...], **parameters: Any
    ) -> dict[str, Any] | None:
        """One call of a boto3 method; None for an error code in `absent`. Raises RetentionError."""
        try:
            return getattr(self._client(service), operation)(**parameters)
        except _FAILURES as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in absent:
                return None
            raise _error(service, operation, error) from None

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a boto3 method. Raises RetentionError."""
        try:
            yield from self._client(service).get_paginator(operation).paginate(**parameters)
        except _FAILURES as error:
            raise _error(service, operation, error) from None

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            try:
                client = self._session.client(service, region_name=self._region, config=_CONFIG)
            except ValueError as error:  # of an endpoint that is no URL, or of a name that no Region has
                raise RetentionError(f"aws: {error}; correct AWS_ENDPOINT_URL or the Region") from None
            self._clients[service] = client
        return self._clients[service]


def _error(service: str, operation: str, error: Exception) -> RetentionError:
    return RetentionError(f"aws: {service} {operation}: {' '.join(str(error).split())}")
