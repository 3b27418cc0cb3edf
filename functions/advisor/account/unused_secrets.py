"""Secrets that nothing reads."""

from collections.abc import Iterator
from typing import Any

from functions.advisor.account.context import Account, tags_of
from functions.advisor.findings import BillLine, Confidence, Finding


def unused_secrets(account: Account) -> Iterator[Finding]:
    """Secrets that were not read for the days of the setting, without those of other AWS services."""
    days = account.settings.secret_days
    price = account.prices.unit(account.region, "AWSSecretsManager", "secrets", "secret")
    for secret in account.items("secretsmanager", "list_secrets", "SecretList"):
        last_read = secret.get("LastAccessedDate")
        newest = max(filter(None, (last_read, secret.get("CreatedDate"))), default=None)
        if secret.get("DeletedDate") or secret.get("OwningService") or not account.is_older(newest, days):
            continue
        yield account.finding(
            "unused-secret",
            secret["ARN"],
            evidence=f"last read {last_read:%Y-%m-%d}" if last_read else f"never read in {days} days",
            change=f"verify before deleting: aws secretsmanager {_deletion(account.region, secret)}",
            saving=price,
            confidence=Confidence.MEDIUM,
            tags=tags_of(secret.get("Tags")),
            bill=BillLine("AWS Secrets Manager"),
        )


def _deletion(region: str, secret: dict[str, Any]) -> str:
    """The command of the CLI. A replica is removed in its primary Region, and without a recovery window:
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html, 2026-11
    """
    primary = secret.get("PrimaryRegion", region)
    if primary != region:
        return (
            f"remove-regions-from-replication --region {primary} --secret-id {secret['Name']} "
            f"--remove-replica-regions {region}"
        )
    return f"delete-secret --region {region} --secret-id {secret['Name']} --recovery-window-in-days 30"
