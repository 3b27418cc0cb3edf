"""Secrets that nothing reads."""

from collections.abc import Iterator

from functions.advisor.account.context import Account, tags_of
from functions.advisor.findings import BillLine, Confidence, Finding


def unused_secrets(account: Account) -> Iterator[Finding]:
    """Secrets that were not read for the days of the setting, without those of other AWS services."""
    days = account.settings.secret_days
    price = account.prices.unit(account.region, "AWSSecretsManager", "secrets", "secret")
    for secret in account.items("secretsmanager", "list_secrets", "SecretList"):
        read = secret.get("LastAccessedDate")
        newest = max(filter(None, (read, secret.get("CreatedDate"))), default=None)
        if secret.get("DeletedDate") or secret.get("OwningService") or not account.is_older(newest, days):
            continue
        yield account.finding(
            "unused-secret",
            secret["ARN"],
            evidence=f"last read {read:%Y-%m-%d}" if read else f"never read in {days} days",
            change=f"verify before deleting: aws secretsmanager delete-secret --region {account.region} "
            f"--secret-id {secret['Name']} --recovery-window-in-days 30",
            saving=price,
            confidence=Confidence.MEDIUM,
            tags=tags_of(secret.get("Tags")),
            bill=BillLine("AWS Secrets Manager"),
        )
