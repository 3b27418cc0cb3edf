"""Logins to the database with IAM database authentication."""

import boto3


class DatabaseLogin:
    """Passwords for a user of an RDS instance.

    A password is signed here, without a request to AWS, and opens connections for 15 minutes
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html, 2026-11). Each
    connection gets a new one, so none expires and nothing has to be kept.
    """

    def __init__(self, host: str, port: str, user: str) -> None:
        self._host, self._port, self._user = host, int(port), user
        self._client = boto3.client("rds")

    def __call__(self) -> str:
        """A new password."""
        return self._client.generate_db_auth_token(
            DBHostname=self._host, Port=self._port, DBUsername=self._user
        )
