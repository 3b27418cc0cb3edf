"""All rules on an AWS account, Region by Region."""

from collections.abc import Callable, Iterator
from datetime import datetime

from functions.advisor.account import (
    aws_recommendations,
    caches,
    databases,
    instances,
    network,
    retention,
    unused_secrets,
    volumes,
)
from functions.advisor.account.context import Account
from functions.advisor.errors import SourceError
from functions.advisor.findings import Finding
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.report import Examination
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError

Find = Callable[[Account], Iterator[Finding]]
# Each rule of a Region by its id. Its permissions are in rules.toml, and a test compares them with its calls.
RULES: dict[str, Find] = {
    "unattached-volume": volumes.unattached_volumes,
    "gp2-volume": volumes.gp2_volumes,
    "provisioned-iops-volume": volumes.provisioned_iops_volumes,
    "snapshots-expire": volumes.old_snapshots,
    "unassociated-address": volumes.unassociated_addresses,
    "idle-load-balancer": network.idle_load_balancers,
    "idle-nat-gateway": network.idle_nat_gateways,
    "idle-database": databases.idle_databases,
    "oversized-database": databases.oversized_databases,
    "database-is-current-generation": databases.previous_generation_databases,
    "version-in-extended-support": databases.versions_in_extended_support,
    "idle-cache": caches.idle_caches,
    "oversized-cache": caches.oversized_caches,
    "previous-generation-instance": instances.previous_generation_instances,
    "log-group-has-retention": retention.log_groups_without_retention,
    "bucket-has-a-lifecycle": retention.buckets_without_lifecycle,
    "bucket-expires-old-versions": retention.buckets_with_noncurrent_versions,
    "unused-secret": unused_secrets.unused_secrets,
}


def examine_account(
    aws: Aws, settings: Settings, prices: Prices, ownership: Ownership, now: datetime
) -> Examination:
    """What the account shows. A rule that AWS does not answer is a note. Raises SourceError without login."""
    try:
        _ = aws.account
    except AwsError as error:
        raise SourceError(f"AWS: {error}") from None
    findings: list[Finding] = []
    failures: dict[str, str] = {}
    for region in aws.regions:
        account = Account(aws, settings, prices, ownership, now, region)
        for rule, find in RULES.items():
            try:
                findings += find(account)
            except AwsError as error:
                failures.setdefault(rule, f"{rule} was not evaluated in {region}: {error}")
    notes = list(failures.values())
    recommended, note = _recommended_by_aws(aws, settings, prices, ownership, now)
    if note:
        notes.append(note)
    complete = RULES.keys() - failures.keys() | ({aws_recommendations.RULE} if not note else set())
    return Examination(
        findings=[*findings, *recommended],
        rules=frozenset(complete),
        regions=frozenset(aws.regions),
        notes=tuple(notes),
    )


def _recommended_by_aws(
    aws: Aws, settings: Settings, prices: Prices, ownership: Ownership, now: datetime
) -> tuple[list[Finding], str]:
    """Of Cost Optimization Hub, or where it is not enabled of Compute Optimizer; and why neither was read."""
    regions = [Account(aws, settings, prices, ownership, now, region) for region in aws.regions]
    try:
        return list(aws_recommendations.hub_recommendations(regions[0])), ""
    except AwsError as hub:
        try:
            return [
                f for region in regions for f in aws_recommendations.optimizer_recommendations(region)
            ], ""
        except AwsError as optimizer:
            return [], f"neither Cost Optimization Hub nor Compute Optimizer was read: {hub}; {optimizer}"
