"""The AWS services of the migration function: the secrets of the callers and of the database."""

import json
import secrets
from collections.abc import Sequence

import boto3

TOKEN_BYTES = 32


class MasterSecret:
    """The password of the database's master user, which RDS keeps and rotates."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client = boto3.client("secretsmanager")

    def __call__(self) -> tuple[str, str]:
        """User and password as they are now. Raises botocore's errors."""
        secret = json.loads(self._client.get_secret_value(SecretId=self._arn)["SecretString"])
        return secret["username"], secret["password"]


class CallerSecrets:
    """Gives each caller a token, without ever reading one."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._client = boto3.client("secretsmanager")

    def fill(self, names: Sequence[str]) -> list[str]:
        """Puts a random token into each secret without a value; the names of those callers.

        Raises botocore's errors.
        """
        empty = [name for name in names if not self._has_value(f"{self._prefix}{name}")]
        for name in empty:
            token = f"{name}.{secrets.token_urlsafe(TOKEN_BYTES)}"
            self._client.put_secret_value(SecretId=f"{self._prefix}{name}", SecretString=token)
        return empty

    def _has_value(self, secret: str) -> bool:
        return bool(self._client.describe_secret(SecretId=secret).get("VersionIdsToStages"))
