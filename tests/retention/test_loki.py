"""The effective config of Loki is compared with the declared one and with the rule of its bucket.

No Loki runs here: a server answers `GET /config` with what a real one printed (loki_3_7_8_config.yaml).
"""

from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from retention.errors import RetentionError
from retention.stores import loki
from tests.retention.support import http_server, stack, texts

SETTINGS = stack().settings
EFFECTIVE = yaml.safe_load((Path(__file__).parent / "loki_3_7_8_config.yaml").read_text())
# A path of EFFECTIVE and another value → the difference that it makes.
BREAKS = [
    ("compactor.retention_enabled", False,
     ["compactor.retention_enabled is off, but on is declared (loki.total_days)"]),
    ("compactor.delete_request_store", "",
     ["compactor.delete_request_store is not set, but s3 is declared (loki.total_days)"]),
    ("compactor.retention_delete_delay", "24h0m0s",
     ["compactor.retention_delete_delay is 1 days, but 2 hours is declared (loki.delete_delay_hours)"]),
    ("limits_config.retention_period", "4w2d",
     ["limits_config.retention_period is 30 days, but 90 days is declared (loki.total_days)"]),
    ("limits_config.retention_period", "0s",
     ["limits_config.retention_period is 0 hours, but 90 days is declared (loki.total_days)",
      "Loki never deletes logs (storage.logs.expiration_days)"]),
    ("common.storage.s3.bucketnames", "other",
     [f"common.storage.s3.bucketnames is other, but {SETTINGS.storage.logs.name} is declared"
      " (storage.logs.name)"]),
    ("ingester.chunk_encoding", "snappy", ["ingester.chunk_encoding is snappy, but gzip is declared (loki)"]),
    ("runtime_config.file", "/etc/loki/overrides.yaml",
     ["runtime_config.file is /etc/loki/overrides.yaml: limits that the stack does not declare may change the"
      " retention (loki.total_days)"]),
    ("limits_config.retention_stream", [{"selector": '{namespace="debug"}', "priority": 1, "period": "1d"}],
     ["rules in retention_stream that the stack does not declare: 1 (loki.total_days)"]),
]  # fmt: skip


def verify(config, bucket_expiration_days=97):
    with http_server(lambda _method, _path, _body: (200, yaml.safe_dump(config))) as url:
        return loki.verify(url, SETTINGS, bucket_expiration_days)


def test_the_declared_config_has_no_difference():
    findings = verify(EFFECTIVE)
    assert texts(findings) == []
    assert findings.measured == {
        "retention_days": 90.0, "retention_enabled": True, "bucket_expiration_days": 97,
    }  # fmt: skip


@pytest.mark.parametrize(("path", "value", "differences"), BREAKS)
def test_each_value_that_retention_depends_on_is_compared(path, value, differences):
    config = deepcopy(EFFECTIVE)
    *parents, last = path.split(".")
    section = config
    for part in parents:
        section = section[part]
    section[last] = value
    assert texts(verify(config)) == differences


def test_a_bucket_that_deletes_before_loki_does_is_a_difference():
    text = "Loki keeps logs for 90 days, but its bucket deletes chunks after 90 days"
    assert texts(verify(EFFECTIVE, 90)) == [f"{text} (storage.logs.expiration_days)"]
    assert texts(verify(EFFECTIVE, 91)) == []
    assert texts(verify(EFFECTIVE, None)) == []


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("90d", 2160),
        ("13w", 2184),
        ("1y", 8760),
        ("1w2d12h", 228),
        ("2h0m0s", 2),
        ("1h30m0s", 1.5),
        ("0s", 0),
    ],
)
def test_durations_of_prometheus_and_of_go_are_read(text, hours):
    assert loki.duration(text) == timedelta(hours=hours)


def test_an_answer_that_is_not_from_loki_is_an_error():
    with (
        http_server(lambda _method, _path, _body: (200, "<html>login</html>")) as url,
        pytest.raises(RetentionError, match="is not the config of Loki; check --loki-url"),
    ):
        loki.read_config(url)
    with (
        http_server(lambda _method, _path, _body: (404, "not found")) as url,
        pytest.raises(RetentionError, match="config: HTTP 404; check --loki-url"),
    ):
        loki.read_config(url)
    with pytest.raises(RetentionError, match="check --loki-url"):
        loki.read_config(url)
