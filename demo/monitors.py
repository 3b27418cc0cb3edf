"""Prometheus with the project's rules, Alertmanager with its routes, and Grafana with its dashboards."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from demo.history import STEP
from demo.processes import DemoError

MONITORING = Path(__file__).parents[1] / "monitoring"
SCRAPE_SECONDS = 5
RETENTION = "90d"


def write_alertmanager_config(path: Path, notifications: str) -> None:
    """Writes the project's routes; each receiver posts to `notifications`/<receiver>."""
    config = yaml.safe_load((MONITORING / "alertmanager.yaml").read_text(encoding="utf-8"))
    config["global"] = {}
    config["route"] |= {"group_wait": "5s", "group_interval": "30s"}
    config["receivers"] = [
        {"name": receiver["name"], "webhook_configs": [{"url": f"{notifications}/{receiver['name']}"}]}
        for receiver in config["receivers"]
    ]
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def write_prometheus_config(path: Path, scraped: Mapping[str, tuple[str, str]], alertmanager: str) -> None:
    """Writes the configuration, and copies of the rules beside it.

    `scraped` gives host:port and path of each job. The rules are those of the project without `for`, so that
    an alert fires at once and not after up to six hours.
    """
    rules = []
    for source in sorted((MONITORING / "rules").glob("*.yaml")):
        groups = yaml.safe_load(source.read_text(encoding="utf-8"))
        for rule in (rule for group in groups["groups"] for rule in group["rules"]):
            rule.pop("for", None)
        copy = path.parent / source.name
        copy.write_text(yaml.safe_dump(groups, sort_keys=False), encoding="utf-8")
        rules.append(copy.name)
    interval = f"{SCRAPE_SECONDS}s"
    config: dict[str, Any] = {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": rules,
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {"job_name": job, "metrics_path": page, "static_configs": [{"targets": [target]}]}
            for job, (target, page) in scraped.items()
        ],
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def prometheus_command(program: str, config: Path, data: Path, listens: int) -> list[str]:
    """The command of Prometheus; the samples of the history are further apart than its usual five minutes."""
    return [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--query.lookback-delta={int(1.5 * STEP.total_seconds())}s",
        f"--web.listen-address=127.0.0.1:{listens}",
    ]


def alertmanager_command(program: str, config: Path, data: Path, listens: int) -> list[str]:
    """The command of one Alertmanager."""
    return [
        program,
        f"--config.file={config}",
        f"--storage.path={data}",
        f"--web.listen-address=127.0.0.1:{listens}",
        "--cluster.listen-address=",
    ]


def import_history(promtool: str, samples: Path, data: Path) -> None:
    """Makes blocks of Prometheus' database of OpenMetrics samples. Raises DemoError."""
    # A block of ten days instead of two hours: promtool reads the whole file once for each block.
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h", "--quiet"]
    result = subprocess.run([*command, str(samples), str(data)], capture_output=True, text=True, check=False)
    if result.returncode:
        raise DemoError(f"promtool: {result.stderr.strip().splitlines()[-1]}")


def grafana() -> Sequence[str] | None:
    """The command that starts Grafana, if it is installed."""
    for name, arguments in (("grafana", ["server"]), ("grafana-server", [])):
        if program := shutil.which(name):
            home = Path(program).resolve().parents[1]
            home = home if (home / "public").is_dir() else Path("/usr/share/grafana")
            return [program, *arguments, f"--homepath={home}"]
    return None


def grafana_environment(folder: Path, prometheus: str, listens: int) -> dict[str, str]:
    """Grafana's settings: the data source, the dashboards, and everyone may read without a login."""
    provisioning = folder / "provisioning"
    for name, content in {
        "datasources": {
            "datasources": [
                {
                    "name": "Prometheus",
                    "type": "prometheus",
                    "uid": "prometheus",
                    "url": prometheus,
                    "isDefault": True,
                }
            ]
        },
        "dashboards": {
            "providers": [
                {"name": "finops", "type": "file", "options": {"path": str(MONITORING / "dashboards")}}
            ]
        },
    }.items():
        (provisioning / name).mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump({"apiVersion": 1, **content})
        (provisioning / name / "demo.yaml").write_text(text, encoding="utf-8")
    return {
        "GF_PATHS_PROVISIONING": str(provisioning),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PLUGINS": str(folder / "plugins"),
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(listens),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    }
