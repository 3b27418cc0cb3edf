"""Retention and compression of logs (Loki) and analytics events (ClickHouse)."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components import clickhouse_sql
from components.settings import Settings
from components.settings import telemetry as settings_telemetry

# Kubernetes expands $(…) from the env of the container.
_CLIENT = "clickhouse-client --host $(CLICKHOUSE_HOST)"


@dataclass(frozen=True)
class TelemetryRetentionArgs:
    settings: Settings


class TelemetryRetention(pulumi.ComponentResource):
    """The config of Loki, the Job that applies ClickHouse's retention, the CronJob that recompresses."""

    def __init__(
        self, name: str, args: TelemetryRetentionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:telemetry_retention:TelemetryRetention", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        k8s.core.v1.ConfigMap(
            f"{name}-loki",
            metadata=_metadata(settings, settings.loki, settings.loki.config_map),
            data={"loki.yaml": yaml.safe_dump(loki_config(settings), sort_keys=False)},
            opts=child,
        )
        scripts = {
            "retention.sql": clickhouse_sql.retention(settings.clickhouse),
            "recompress.sh": clickhouse_sql.recompression(settings.clickhouse),
        }
        # A Job is immutable and runs once: a changed script needs a new ConfigMap and a new Job.
        version = hashlib.sha256("".join(scripts.values()).encode()).hexdigest()[:8]
        metadata = _metadata(settings, settings.clickhouse, f"clickhouse-retention-{version}")
        config_map = k8s.core.v1.ConfigMap(
            f"{name}-clickhouse-scripts", metadata=metadata, data=scripts, immutable=True, opts=child
        )
        after_scripts = pulumi.ResourceOptions(parent=self, depends_on=[config_map])
        k8s.batch.v1.Job(
            f"{name}-clickhouse-retention",
            metadata=metadata,
            spec=_job(settings, metadata, f"{_CLIENT} --queries-file /scripts/retention.sql", seconds=600),
            opts=after_scripts,
        )
        k8s.batch.v1.CronJob(
            f"{name}-clickhouse-recompression",
            metadata=_metadata(settings, settings.clickhouse, "clickhouse-recompression"),
            spec=_cron_job(settings, metadata, "sh /scripts/recompress.sh"),
            opts=after_scripts,
        )
        self.register_outputs({})


def _metadata(settings: Settings, store: settings_telemetry.TelemetryStore, name: str) -> Any:
    labels = settings.tags(store.cost_allocation).as_labels()
    return {"name": name, "namespace": store.namespace, "labels": labels}


def loki_config(settings: Settings) -> Any:
    """The complete config of Loki 3, which reads a single file.

    Loki deletes logs at `retention_period`, so that is `total_days`; the lifecycle of the bucket moves them
    to a cheaper class before. Loki does not start with retention and without `delete_request_store`
    (https://grafana.com/docs/loki/latest/operations/storage/retention/, 2026-11).
    """
    loki = settings.loki
    schema = {
        "from": loki.schema_from,
        "store": "tsdb",
        "object_store": "s3",
        "schema": "v13",
        "index": {"prefix": "index_", "period": "24h"},
    }
    return {
        "auth_enabled": False,
        "server": {"http_listen_port": 3100},
        "common": {
            "path_prefix": "/var/loki",
            "replication_factor": loki.replication_factor,
            "ring": {"kvstore": {"store": "memberlist"}},
            "storage": {"s3": {"bucketnames": settings.storage.logs.name, "region": settings.region}},
        },
        "memberlist": {"join_members": [loki.memberlist_service]},
        "ingester": {"chunk_encoding": "gzip"},
        "limits_config": {"retention_period": f"{loki.total_days * 24}h"},
        "compactor": {
            "working_directory": "/var/loki/compactor",
            "retention_enabled": True,
            "retention_delete_delay": f"{loki.delete_delay_hours}h",
            "delete_request_store": "s3",
        },
        "schema_config": {"configs": [schema]},
    }


def _cron_job(settings: Settings, scripts: Any, command: str) -> Any:
    """The spec of a CronJob that runs `command` for at most six hours, without overlapping."""
    return {
        "schedule": settings.clickhouse.recompress_schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "metadata": {"labels": scripts["labels"]},
            "spec": _job(settings, scripts, command, seconds=6 * 3600),
        },
    }


def _job(settings: Settings, scripts: Any, command: str, seconds: int) -> Any:
    """The spec of a Job that runs `command`, with the files of the ConfigMap of metadata `scripts`."""
    clickhouse = settings.clickhouse
    variables = {"CLICKHOUSE_USER": "user", "CLICKHOUSE_PASSWORD": "password"}
    size = {"cpu": clickhouse.cpu, "memory": clickhouse.memory}
    return {
        "backoffLimit": 2,
        "activeDeadlineSeconds": seconds,
        "template": {
            "metadata": {"labels": scripts["labels"]},
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 101,
                    "runAsGroup": 101,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": "clickhouse-client",
                        "image": clickhouse.image,
                        "command": command.split(),
                        "env": [
                            {"name": "CLICKHOUSE_HOST", "value": clickhouse.host},
                            *(
                                {
                                    "name": variable,
                                    "valueFrom": {
                                        "secretKeyRef": {"name": clickhouse.credentials_secret, "key": key}
                                    },
                                }
                                for variable, key in variables.items()
                            ),
                        ],
                        "resources": {"requests": size, "limits": size},
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "capabilities": {"drop": ["ALL"]},
                        },
                        "volumeMounts": [{"name": "scripts", "mountPath": "/scripts", "readOnly": True}],
                    }
                ],
                "volumes": [{"name": "scripts", "configMap": {"name": scripts["name"]}}],
            },
        },
    }
