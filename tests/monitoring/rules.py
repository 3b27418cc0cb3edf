"""The rules of monitoring/rules as objects, and the Debian tools that check them."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
RULE_FILES = sorted((MONITORING / "rules").glob("*.yaml"))
ALERTMANAGER = MONITORING / "alertmanager.yaml"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def rules_of(path: Path) -> list[dict[str, Any]]:
    return [rule for group in load(path)["groups"] for rule in group["rules"]]


RULES = [rule for path in RULE_FILES for rule in rules_of(path)]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}


def executable(name: str, package: str) -> str:
    path = shutil.which(name)
    assert path, f"install the Debian package {package}"
    return path


def run(name: str, package: str, *arguments: str | Path) -> str:
    """What a tool prints; fails with that if the tool fails."""
    result = subprocess.run(
        [executable(name, package), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
