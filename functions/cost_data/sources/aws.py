"""The calls to AWS: the only user of boto3 here. AWS_ENDPOINT_URL and the other variables of boto3 apply."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import quote, urlencode

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

# Cost Explorer, Budgets and Savings Plans answer for the whole account at one endpoint:
# https://docs.aws.amazon.com/general/latest/gr/billing.html (2026-11).
HOME_REGION = "us-east-1"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, 2026-11
METRICS_A_REQUEST = 500
MESSAGE_CHARACTERS = 400
# What a call of boto3 raises; the last where something other than AWS responds at AWS_ENDPOINT_URL.
_FAILURES = (ClientError, BotoCoreError, ResponseParserError)
# The keys by which an operation without a paginator in boto3 returns and takes the token of the next page.
_NEXT_PAGE = ("nextToken", "NextToken")
CERTIFICATES = Path(__file__).parents[2] / "certificates" / "rds-ca.pem"
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=60)


class AwsError(Exception):
    """A failed call of AWS; the message is one line. `code` is the error code of AWS, or empty."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Aws:
    """The clients of one session, created on first use."""

    def __init__(self, regions: Sequence[str] = ()) -> None:
        """`regions`: those to read, or the one of the session."""
        self._regions = tuple(regions)
        self._clients: dict[tuple[str, str], Any] = {}

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session()

    @property
    def has_credentials(self) -> bool:
        """Whether boto3 finds credentials; whether they are valid is not checked. Raises AwsError."""
        try:
            return self._session.get_credentials() is not None
        except BotoCoreError as error:
            raise _error("boto3", "session", error) from None

    @property
    def home(self) -> str:
        """The Region of the session."""
        return self._session.region_name or HOME_REGION

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions to read."""
        return self._regions or (self.home,)

    @cached_property
    def account(self) -> str:
        """The id of the account. Raises AwsError."""
        return self.call("sts", "get_caller_identity")["Account"]

    def call(self, service: str, operation: str, region: str = "", **parameters: Any) -> dict[str, Any]:
        """One call of a boto3 method. Raises AwsError."""
        try:
            return getattr(self._client(service, region), operation)(**parameters)
        except _FAILURES as error:
            raise _error(service, operation, error) from None

    def pages(
        self, service: str, operation: str, region: str = "", **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """All pages of a boto3 method, also of one without a paginator. Raises AwsError."""
        try:
            client = self._client(service, region)
            if client.can_paginate(operation):
                yield from client.get_paginator(operation).paginate(**parameters)
                return
        except _FAILURES as error:
            raise _error(service, operation, error) from None
        while True:
            page = self.call(service, operation, region, **parameters)
            yield page
            token = next((name for name in _NEXT_PAGE if page.get(name)), None)
            if token is None:
                return
            parameters[token] = page[token]

    def download(self, bucket: str, key: str, path: Path) -> None:
        """Writes an object of S3 to a file. Raises AwsError."""
        try:
            self._client("s3", "").download_file(bucket, key, str(path))
        except _FAILURES as error:
            raise _error("s3", f"download s3://{bucket}/{key}", error) from None

    def _client(self, service: str, region: str) -> Any:
        key = (service, region or self.home)
        if key not in self._clients:
            session: Any = self._session  # its stubs know no service by a variable name
            try:
                self._clients[key] = session.client(service, region_name=key[1], config=_CONFIG)
            except ValueError as error:  # of an endpoint that is no URL, or of a name that no Region has
                reason = str(error).rstrip(".")
                raise AwsError(f"{service}: {reason}; correct AWS_ENDPOINT_URL or the Region") from None
        return self._clients[key]


def connection_urls(host: str, port: int, database: str, user: str) -> Callable[[], str]:
    """Connection URLs of an RDS database for a user that logs in with IAM, each with a new password.

    A password is signed here, without a request to AWS, and opens connections for 15 minutes
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html, 2026-11). The server
    must have the name that is connected to, and a certificate of RDS. The function raises AwsError.
    """
    client = boto3.client("rds")

    def url() -> str:
        try:
            password = client.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
        except _FAILURES as error:
            raise _error("rds", "generate_db_auth_token", error) from None
        parameters = {
            "user": user, "password": password, "sslmode": "verify-full", "sslrootcert": CERTIFICATES,
        }  # fmt: skip
        return f"postgresql://{host}:{port}/{database}?{urlencode(parameters, quote_via=quote)}"

    return url


def _error(service: str, operation: str, error: Exception) -> AwsError:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    # A server other than AWS may respond with a whole HTML page.
    reason = shorten(str(error), MESSAGE_CHARACTERS, placeholder=" …")
    return AwsError(f"{service} {operation}: {reason}", code)
