"""Which sources a report has, from the settings: opened when they are examined."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from functions.advisor.account.examine import examine_account
from functions.advisor.kubernetes.clusters import examine_clusters
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.report import Source
from functions.advisor.settings import Settings
from functions.advisor.tracking.store import Store
from functions.cost_data.sources.aws import Aws


def open_store(settings: Settings) -> Store | None:
    """The database with its table of findings, None without a URL. Raises SourceError."""
    if not settings.database_url:
        return None
    store = Store(settings.database_url)
    store.create_schema()
    return store


def sources_of(
    settings: Settings, now: datetime, *, use_aws: bool, urns: Mapping[str, str]
) -> tuple[list[Source], list[str]]:
    """The sources, and what is left out for lack of one, one line each.

    `urns` are those of the stacks by ARN, by id and by namespace/kind/name.
    """
    prices = Prices(now.date())
    ownership = Ownership(settings.owner_keys, urns)
    sources, notes = [], []
    aws = Aws(settings.regions) if use_aws else None
    if aws is not None and not aws.has_credentials:
        aws = None
        notes.append("AWS: no credentials; the rules on the account are left out")
    elif aws is None:
        notes.append("AWS: --no-aws; the rules on the account are left out")
    if settings.prometheus_url:
        prometheus = Prometheus(settings.prometheus_url)
        examine = partial(examine_clusters, prometheus, aws, settings, prices, ownership, now)
        sources.append(Source("Prometheus", examine))
    else:
        notes.append(
            "Prometheus: no URL (--prometheus-url or PROMETHEUS_URL); the rules on the cluster are left out"
        )
    if aws is not None:
        name = f"AWS ({', '.join(aws.regions)})"
        sources.append(Source(name, partial(examine_account, aws, settings, prices, ownership, now)))
    if not settings.database_url and not settings.database_host:
        notes.append(
            "PostgreSQL: no URL (--database-url or DATABASE_URL); effective savings are list prices, "
            "and no saving is realized"
        )
    return sources, notes
