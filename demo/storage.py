"""What `storage-retention.sh verify` would measure in the sample account, served as metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from prometheus_client import start_http_server

from retention.findings import Findings
from retention.metrics import registry
from retention.verification import Verification

GB = 10**9
# Bytes by bucket and storage class; the lifecycle rule of the exports was changed manually.
BUCKETS = {
    "teei-prod-us-east-1-backups": {"STANDARD": 410 * GB, "GLACIER_IR": 1240 * GB, "DEEP_ARCHIVE": 5900 * GB},
    "teei-prod-us-east-1-logs": {"STANDARD": 620 * GB, "STANDARD_IA": 1310 * GB},
    "teei-prod-us-east-1-exports": {"STANDARD": 240 * GB, "STANDARD_IA": 95 * GB},
}
CHANGED = "teei-prod-us-east-1-exports"


@contextmanager
def storage_metrics(listens: int, now: datetime) -> Iterator[None]:
    """Serves /metrics on a port of 127.0.0.1."""
    server, thread = start_http_server(listens, "127.0.0.1", registry(verification(now)))
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def verification(now: datetime) -> Verification:
    """A verification of the stack prod with one difference."""
    s3 = Findings("s3", "storage-retention-s3")
    for bucket, sizes in BUCKETS.items():
        actual = 365 if bucket == CHANGED else 90
        s3.of(bucket).equal("expiration_days", "the age at which objects expire", 90, actual, "days")
        s3.measured[bucket] = {"bytes_by_class": sizes, "incomplete_uploads": 0}
    stores = {
        "loki": ("loki-config", {"retention_days": 90}),
        "clickhouse": ("analytics.events", {"bytes": 384 * GB}),
        "postgresql": (
            "teei-prod-us-east-1-ai-budget",
            {"wal_bytes": 10.8 * GB, "slot_lag_bytes": {}},
        ),
    }
    result = Verification("prod", now, [s3])
    for store, (resource, measured) in stores.items():
        findings = Findings(store, f"storage-retention-{store}", measured=measured)
        findings.of(resource)
        result.findings.append(findings)
    return result
