"""A data export in S3: which billing periods it has, and the files of each.

AWS writes `<prefix>/<export>/data/BILLING_PERIOD=YYYY-MM/` and, once all files of a delivery are there, its
manifest: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html (2026-11).
The export must overwrite its files at each delivery.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from functions.cost_data.sources.aws import Aws

PARTITION = "BILLING_PERIOD="


class ExportFile(NamedTuple):
    """An object of an export."""

    key: str
    etag: str
    size: int


class Export:
    """The export at s3://BUCKET/PREFIX/EXPORT-NAME. Every method raises AwsError."""

    def __init__(self, aws: Aws, location: str) -> None:
        self._aws = aws
        self.location = location
        self._bucket, _, path = location.removeprefix("s3://").partition("/")
        self._data, self._metadata = f"{path}/data/", f"{path}/metadata/"
        self._name = path.rpartition("/")[2]

    def periods(self) -> list[date]:
        """The billing periods that the export has, oldest first."""
        pages = self._aws.pages(
            "s3", "list_objects_v2", Bucket=self._bucket, Prefix=self._data + PARTITION, Delimiter="/"
        )
        prefixes = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])]
        return sorted(date.fromisoformat(f"{prefix.rstrip('/')[-7:]}-01") for prefix in prefixes)

    def files(self, period: date) -> list[ExportFile]:
        """The files of a billing period; empty while AWS is delivering them."""
        objects = [
            item
            for page in self._aws.pages(
                "s3", "list_objects_v2", Bucket=self._bucket, Prefix=f"{self._data}{_partition(period)}/"
            )
            for item in page.get("Contents", [])
        ]
        manifest = f"{self._metadata}{_partition(period)}/{self._name}-Manifest.json"
        manifests = [
            item
            for page in self._aws.pages("s3", "list_objects_v2", Bucket=self._bucket, Prefix=manifest)
            for item in page.get("Contents", [])
        ]
        if not manifests or any(item["LastModified"] > manifests[0]["LastModified"] for item in objects):
            return []
        return [ExportFile(item["Key"], item["ETag"], item["Size"]) for item in objects if item["Size"]]

    @contextmanager
    def downloaded(self, files: list[ExportFile]) -> Iterator[list[Path]]:
        """Local copies of the files."""
        with TemporaryDirectory(prefix="cost-export-") as directory:
            paths = []
            for number, file in enumerate(files):
                path = Path(directory) / f"{number}-{file.key.rpartition('/')[2]}"
                self._aws.download(self._bucket, file.key, path)
                paths.append(path)
            yield paths

    def origin(self, period: date) -> str:
        """The location of a billing period."""
        return f"{self.location}/data/{_partition(period)}"


def fingerprint(files: list[ExportFile]) -> str:
    """A digest of the content of files, from their ETags."""
    text = "\n".join(f"{file.key} {file.etag} {file.size}" for file in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()


def _partition(period: date) -> str:
    return f"{PARTITION}{period:%Y-%m}"
