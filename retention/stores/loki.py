"""Loki: its effective config, and whether the bucket keeps chunks longer than Loki does."""

import re
from datetime import timedelta
from typing import Any

import httpx
import yaml

from components.settings import Settings
from components.telemetry_retention import loki_config
from retention.errors import RetentionError, shown
from retention.findings import Findings

RUNBOOK = "storage-retention-loki"
# What the retention of logs depends on → the setting that declares it.
VERIFIED = {
    "limits_config.retention_period": "loki.total_days",
    "compactor.retention_enabled": "loki.total_days",
    "compactor.delete_request_store": "loki.total_days",
    "compactor.retention_delete_delay": "loki.delete_delay_hours",
    "common.storage.s3.bucketnames": "storage.logs.name",
    "ingester.chunk_encoding": "loki",
}
# Loki prints durations as Prometheus does (90d, 13w) or as Go does (2h0m0s).
_UNITS = {
    "y": timedelta(days=365),
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[ywdhms])")
_DURATION = re.compile(rf"({_PART.pattern})+|0")
_TIMEOUT_SECONDS = 10


def verify(url: str, settings: Settings, bucket_expiration_days: int | None) -> Findings:
    """Compares `GET URL/config` of one instance with the declared config.

    `bucket_expiration_days` is the age at which the bucket deletes chunks, None when it never does. Raises
    RetentionError.
    """
    effective = read_config(url)
    declared = loki_config(settings)
    findings = Findings("loki", RUNBOOK)
    resource = findings.of(settings.loki.config_map)
    for path, setting in VERIFIED.items():
        resource.equal(setting, path, _plain(_at(declared, path)), _plain(_at(effective, path)))
    for path in ("limits_config.per_tenant_override_config", "runtime_config.file"):
        file = _at(effective, path)
        text = f"{path} is {file}: limits that the stack does not declare may change the retention"
        resource.check(not file, "loki.total_days", text, None, file)
    streams = _at(effective, "limits_config.retention_stream") or []
    text = f"rules in retention_stream that the stack does not declare: {len(streams)}"
    resource.check(not streams, "loki.total_days", text, [], streams)
    periods = [_at(effective, "limits_config.retention_period"), *(item.get("period") for item in streams)]
    longest = max((duration(period) for period in periods if period), default=timedelta())
    keeps = bucket_expiration_days is None or timedelta(days=bucket_expiration_days) > longest
    resource.check(
        bool(longest) and keeps,
        "storage.logs.expiration_days",
        f"Loki keeps logs for {_plain(longest)}, but its bucket deletes chunks after"
        f" {bucket_expiration_days} days"
        if longest
        else "Loki never deletes logs",
        f"more than {settings.loki.total_days} days",
        bucket_expiration_days,
    )
    findings.measured = {
        "retention_days": longest / timedelta(days=1),
        "retention_enabled": bool(_at(effective, "compactor.retention_enabled")),
        "bucket_expiration_days": bucket_expiration_days,
    }
    return findings


def read_config(url: str) -> dict[str, Any]:
    """The effective config, https://grafana.com/docs/loki/latest/reference/loki-http-api/, 2026-11."""
    address = f"{url.rstrip('/')}/config"
    where = shown(address)
    try:
        response = httpx.get(address, timeout=_TIMEOUT_SECONDS)
        if not response.is_success:
            raise RetentionError(f"loki: {where}: HTTP {response.status_code}; check --loki-url")
        config = yaml.safe_load(response.text)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RetentionError(f"loki: {where}: {error}; check --loki-url") from None
    except yaml.YAMLError:
        config = None
    if not isinstance(config, dict) or "compactor" not in config:
        raise RetentionError(f"loki: {where} is not the config of Loki; check --loki-url")
    return config


def duration(text: str) -> timedelta:
    """The duration in the format of Prometheus or Go. Raises RetentionError."""
    if not _DURATION.fullmatch(str(text)):
        raise RetentionError(f"loki: {text!r} in its config is not a duration")
    return sum((float(number) * _UNITS[unit] for number, unit in _PART.findall(str(text))), timedelta())


def _at(config: Any, path: str) -> Any:
    for part in path.split("."):
        config = config.get(part) if isinstance(config, dict) else None
    return config


def _plain(value: Any) -> Any:
    """A value of JSON in which equal durations are equal: whole days or hours where they are."""
    if isinstance(value, str) and _DURATION.fullmatch(value):
        value = duration(value)
    if isinstance(value, timedelta):
        hours = value / timedelta(hours=1)
        return f"{hours / 24:g} days" if hours and hours % 24 == 0 else f"{hours:g} hours"
    return value
