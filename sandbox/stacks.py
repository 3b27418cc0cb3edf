"""The stacks of a project as the engine's file backend keeps them."""

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from sandbox.environment import Place
from sandbox.errors import SandboxError

# Made by the engine from the passphrase "sandbox"; it must be the same in state and configuration.
SALT = "v1:MrSwOjBuwtA=:v1:KN9NgKRrt3x++B7s:xq/Q1xaWOs/dnEYxAs4p7HYrZnjbXw=="
_STATE_VERSION = "v3.259.0"


def stack_named_in(arguments: Sequence[str]) -> str | None:
    """The stack that `-s`/`--stack` names in arguments for pulumi."""
    for position, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument in ("-s", "--stack"):
            return arguments[position + 1] if position + 1 < len(arguments) else None
        if argument.startswith("--stack="):
            return argument.removeprefix("--stack=")
        if argument.startswith("-s") and not argument.startswith("--"):
            return argument[2:].removeprefix("=")
    return None


def project_name(project: Path) -> str | None:
    """The name in Pulumi.yaml; None where there is no project."""
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        file = project / name
        if file.exists():
            try:
                return str(yaml.safe_load(file.read_text())["name"])
            except (yaml.YAMLError, KeyError, TypeError):
                raise SandboxError(f"{file}: not a Pulumi project: a mapping with a name is needed") from None
    return None


def ensure_stack(place: Place, stack: str) -> None:
    """Make the stack where it does not exist, as `pulumi stack init` does but for the configuration file."""
    name = project_name(place.project)
    short = stack.rsplit("/", 1)[-1]
    if name is None or not short:
        return
    metadata = place.state / ".pulumi" / "meta.yaml"
    checkpoint = place.state / ".pulumi" / "stacks" / name / f"{short}.json"
    if checkpoint.exists() or checkpoint.with_name(f"{short}.json.gz").exists():
        return
    _write_new(metadata, "version: 1\n")
    _write_new(checkpoint, json.dumps(_empty_checkpoint(name, short)))


def _empty_checkpoint(project: str, stack: str) -> dict[str, object]:
    manifest = {
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "magic": hashlib.sha256(_STATE_VERSION.encode()).hexdigest(),
        "version": _STATE_VERSION,
    }
    latest = {
        "manifest": manifest,
        "secrets_providers": {"type": "passphrase", "state": {"salt": SALT}},
        "metadata": {},
    }
    return {"version": 3, "checkpoint": {"stack": f"organization/{project}/{stack}", "latest": latest}}


def _write_new(file: Path, text: str) -> None:
    """Write a file that is not there yet; a run beside this one may be first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(text)
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
