"""The stacks of a project as the engine's file backend keeps them."""

import hashlib
import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from teei_finops.sandbox.engine.process import is_alive
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.passphrase import SANDBOX
from teei_finops.sandbox.workspace import Workspace

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


@dataclass(frozen=True)
class Project:
    """What Pulumi.yaml says that the sandbox needs."""

    name: str
    directory: Path
    config_directory: Path

    @classmethod
    def at(cls, directory: Path) -> "Project | None":
        """The project in a directory, None where there is none; raises SandboxError for a broken one."""
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            file = directory / name
            if file.exists():
                try:
                    data = yaml.safe_load(file.read_text())
                    inside = data.get("stackConfigDir") or data.get("config")
                    inside = inside if isinstance(inside, str) else "."
                    return cls(
                        name=str(data["name"]), directory=directory, config_directory=directory / inside
                    )
                except (yaml.YAMLError, KeyError, TypeError, AttributeError):
                    raise SandboxError(
                        f"{file}: not a Pulumi project: a mapping with `name` is needed"
                    ) from None
        return None

    def stack_file(self, stack: str) -> Path:
        """Where Pulumi keeps the configuration of a stack."""
        return self.config_directory / f"Pulumi.{short_name(stack)}.yaml"

    def stack_files(self) -> dict[str, Path]:
        """The configuration file of each stack that has one, by the stack's name."""
        files = self.config_directory.glob("Pulumi.*.yaml")
        names = {file.name.removeprefix("Pulumi.").removesuffix(".yaml"): file for file in files}
        return dict(sorted(names.items()))


def short_name(stack: str) -> str:
    """`prod` of `organization/project/prod`."""
    return stack.rsplit("/", 1)[-1]


def checkpoint_file(workspace: Workspace, project: str, stack: str) -> Path:
    """Where the engine's file backend keeps what a stack holds."""
    return workspace.state / ".pulumi" / "stacks" / project / f"{short_name(stack)}.json"


def resources_in(checkpoint: Path) -> list[dict[str, Any]]:
    """The resources that a stack's state holds; none when there is no state."""
    if not checkpoint.exists():
        return []
    latest = json.loads(checkpoint.read_text())["checkpoint"].get("latest") or {}
    return latest.get("resources") or []


def selected_stack(workspace: Workspace, project: Project) -> str | None:
    """The stack that `pulumi stack select` chose in this sandbox."""
    files = sorted(
        (workspace.home / "workspaces").glob(f"{project.name}-*-workspace.json"),
        key=lambda file: file.stat().st_mtime,
    )
    return json.loads(files[-1].read_text()).get("stack") if files else None


def ensure_stack(workspace: Workspace, project: Project, stack: str) -> None:
    """Make the stack where it does not exist, as `pulumi stack init` does but for the configuration file."""
    metadata = workspace.state / ".pulumi" / "meta.yaml"
    checkpoint = checkpoint_file(workspace, project.name, stack)
    short = short_name(stack)
    if checkpoint.exists() or checkpoint.with_name(f"{short}.json.gz").exists():
        return
    _write_new(metadata, "version: 1\n")
    _write_new(checkpoint, json.dumps(_empty_checkpoint(project.name, short)))


def drop_locks_of_dead_runs(workspace: Workspace, project: Project, stack: str) -> None:
    """Unlock a stack whose run was killed on this machine; the lock of a living run stays."""
    directory = workspace.state / ".pulumi" / "locks" / "organization" / project.name / short_name(stack)
    for file in directory.glob("*.json"):
        try:
            holder = json.loads(file.read_text())
        except (OSError, ValueError):  # gone again, or just being written
            continue
        if holder.get("hostname") == socket.gethostname() and not is_alive(int(holder.get("pid") or 0)):
            file.unlink(missing_ok=True)


def _empty_checkpoint(project: str, stack: str) -> dict[str, object]:
    manifest = {
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "magic": hashlib.sha256(_STATE_VERSION.encode()).hexdigest(),
        "version": _STATE_VERSION,
    }
    latest = {
        "manifest": manifest,
        "secrets_providers": {"type": "passphrase", "state": {"salt": SANDBOX.state}},
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
