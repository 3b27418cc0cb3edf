"""A verification as metrics of Prometheus."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from retention.errors import RetentionError
from retention.verification import Verification


def write_metrics(verification: Verification, path: Path) -> None:
    """Replaces a file of the textfile collector of node_exporter. Raises RetentionError."""
    try:
        write_to_textfile(str(path), registry(verification))
    except OSError as error:
        raise RetentionError(f"--metrics-file {path}: {error.strerror}") from None


def registry(verification: Verification) -> CollectorRegistry:
    """The metrics that docs/storage-retention.md describes."""
    registry = CollectorRegistry()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"storage_retention_{name}", text, ("stack", *labels), registry=registry)

    stack = verification.stack
    differences = gauge("differences", "Properties that are not as declared.", "store", "resource")
    verified = gauge("verified_timestamp_seconds", "When a store was last compared.", "store")
    failed = gauge("errors", "1 for a store that could not be read.", "store")
    for store in verification.errors:
        failed.labels(stack, store).set(1)
    for findings in verification.findings:
        failed.labels(stack, findings.store).set(0)
        verified.labels(stack, findings.store).set(verification.at.timestamp())
        for resource in findings.resources:
            count = sum(difference.resource == resource for difference in findings.differences)
            differences.labels(stack, findings.store, resource).set(count)
    sizes = gauge("bucket_bytes", "Size of a bucket by storage class.", "bucket", "storage_class")
    uploads = gauge("incomplete_uploads", "Incomplete multipart uploads of a bucket.", "bucket")
    for bucket, measured in verification.measured("s3").items():
        uploads.labels(stack, bucket).set(measured["incomplete_uploads"])
        for name, size in measured["bytes_by_class"].items():
            sizes.labels(stack, bucket, name).set(size)
    if events := verification.measured("clickhouse"):
        gauge("clickhouse_bytes", "Size of the table of events on disk.").labels(stack).set(events["bytes"])
    if logs := verification.measured("loki"):
        period = gauge("loki_period_days", "The age at which Loki deletes logs.")
        period.labels(stack).set(logs["retention_days"])
    if database := verification.measured("postgresql"):
        if database["wal_bytes"] is not None:
            wal = gauge("postgresql_wal_bytes", "The WAL of PostgreSQL on disk.")
            wal.labels(stack).set(database["wal_bytes"])
        lag = gauge("postgresql_slot_lag_bytes", "WAL that a replication slot holds back.", "slot")
        for slot, held_back in database["slot_lag_bytes"].items():
            lag.labels(stack, slot).set(held_back)
    return registry
