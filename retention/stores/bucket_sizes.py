"""The bytes of a bucket by storage class and its objects: CloudWatch measures them daily, free of charge."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from retention.stores.aws import Aws

# The storage types of CloudWatch begin with one of these.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html, 2026-11.
_CLASSES = {
    "StandardIA": "STANDARD_IA",
    "Standard": "STANDARD",
    "OneZoneIA": "ONEZONE_IA",
    "GlacierIR": "GLACIER_IR",
    "GlacierInstantRetrieval": "GLACIER_IR",
    "Glacier": "GLACIER",
    "DeepArchive": "DEEP_ARCHIVE",
    "IntelligentTiering": "INTELLIGENT_TIERING",
    "ReducedRedundancy": "REDUCED_REDUNDANCY",
}


@dataclass(frozen=True)
class BucketSize:
    """Bytes by storage class of the S3 API, with all versions and overheads; `objects` counts versions."""

    bytes_by_class: dict[str, int]
    objects: int | None

    @property
    def average_object_kb(self) -> Decimal | None:
        """None for a bucket that is empty or was never measured."""
        total = sum(self.bytes_by_class.values())
        return Decimal(total) / self.objects / 1024 if self.objects and total else None


def bucket_size(aws: Aws, bucket: str, now: datetime) -> BucketSize:
    """The newest measurement of the last three days; empty without one. Raises RetentionError."""
    metrics = [
        metric
        for page in aws.pages(
            "cloudwatch",
            "list_metrics",
            Namespace="AWS/S3",
            Dimensions=[{"Name": "BucketName", "Value": bucket}],
        )
        for metric in page["Metrics"]
        if metric["MetricName"] in ("BucketSizeBytes", "NumberOfObjects")
    ]
    by_class: dict[str, int] = {}
    objects = None
    newest = _newest(aws, metrics, now) if metrics else {}
    for number, metric in enumerate(metrics):
        if number not in newest:
            continue
        storage_type = next(item["Value"] for item in metric["Dimensions"] if item["Name"] == "StorageType")
        if metric["MetricName"] == "NumberOfObjects":
            objects = newest[number]
        else:
            name = _class_of(storage_type)
            by_class[name] = by_class.get(name, 0) + newest[number]
    return BucketSize(dict(sorted(by_class.items())), objects)


def _class_of(storage_type: str) -> str:
    return next((name for prefix, name in _CLASSES.items() if storage_type.startswith(prefix)), storage_type)


def _newest(aws: Aws, metrics: list[dict], now: datetime) -> dict[int, int]:
    queries = [
        {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 86_400, "Stat": "Average"}}
        for number, metric in enumerate(metrics)
    ]
    newest: dict[int, int] = {}
    for page in aws.pages(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=queries,
        StartTime=now - timedelta(days=3),
        EndTime=now,
        ScanBy="TimestampDescending",
    ):
        for result in page["MetricDataResults"]:
            if result["Values"]:
                newest.setdefault(int(result["Id"].removeprefix("m")), round(result["Values"][0]))
    return newest
