"""The stacks of a project: their names, files, state and locks in the engine's file backend."""

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

_ENGINE_VERSION = "v3.259.0"


def stack_named_in(arguments: Sequence[str]) -> str | None:
    """The stack that `-s` or `--stack` gives in arguments for pulumi."""
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
    """A Pulumi project, from its Pulumi.yaml; `runtime` is the language, such as python or nodejs."""

    name: str
    directory: Path
    config_directory: Path
    runtime: str = "python"

    @classmethod
    def at(cls, directory: Path) -> "Project | None":
        """The project in a directory; None without a Pulumi.yaml. Raises SandboxError for an invalid file."""
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            file = directory / name
            if file.exists():
                try:
                    data = yaml.safe_load(file.read_text())
                    folder = data.get("stackConfigDir") or data.get("config")
                    folder = folder if isinstance(folder, str) else "."
                    runtime = data["runtime"]
                    return cls(
                        name=str(data["name"]),
                        directory=directory,
                        config_directory=directory / folder,
                        runtime=_text(runtime["name"] if isinstance(runtime, dict) else runtime),
                    )
                except (yaml.YAMLError, KeyError, TypeError, AttributeError):
                    raise SandboxError(
                        f"{file}: not a valid project file; it must be a mapping with a `name` and a "
                        "`runtime`, such as python"
                    ) from None
        return None

    def stack_file(self, stack: str) -> Path:
        """The path of a stack's configuration file."""
        return self.config_directory / f"Pulumi.{short_name(stack)}.yaml"

    def stack_files(self) -> dict[str, Path]:
        """The configuration files that exist, by stack."""
        files = self.config_directory.glob("Pulumi.*.yaml")
        names = {file.name.removeprefix("Pulumi.").removesuffix(".yaml"): file for file in files}
        return dict(sorted(names.items()))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is no text")
    return value


def short_name(stack: str) -> str:
    """The name of a stack without organization and project: `prod` for `organization/project/prod`."""
    return stack.rsplit("/", 1)[-1]


def checkpoint_file(workspace: Workspace, project: str, stack: str) -> Path:
    """The path of a stack's state in the file backend."""
    return workspace.state / ".pulumi" / "stacks" / project / f"{short_name(stack)}.json"


def resources_in(checkpoint: Path) -> list[dict[str, Any]]:
    """The resources in a stack's state; none without a state."""
    if not checkpoint.exists():
        return []
    latest = json.loads(checkpoint.read_text())["checkpoint"].get("latest") or {}
    return latest.get("resources") or []


def selected_stack(workspace: Workspace, project: Project) -> str | None:
    """The stack that `pulumi stack select` selected in this workspace."""
    files = sorted(
        (workspace.engine_home / "workspaces").glob(f"{project.name}-*-workspace.json"),
        key=lambda file: file.stat().st_mtime,
    )
    return json.loads(files[-1].read_text()).get("stack") if files else None


def ensure_stack(workspace: Workspace, project: Project, stack: str) -> None:
    """Create a stack that does not exist, as `pulumi stack init`, but without a configuration file."""
    metadata = workspace.state / ".pulumi" / "meta.yaml"
    checkpoint = checkpoint_file(workspace, project.name, stack)
    short = short_name(stack)
    if checkpoint.exists() or checkpoint.with_name(f"{short}.json.gz").exists():
        return
    _create_file(metadata, "version: 1\n")
    _create_file(checkpoint, json.dumps(_empty_checkpoint(project.name, short)))


def remove_stale_locks(workspace: Workspace, project: Project, stack: str) -> None:
    """Remove a stack's locks of processes that no longer run on this machine."""
    directory = workspace.state / ".pulumi" / "locks" / "organization" / project.name / short_name(stack)
    for file in directory.glob("*.json"):
        try:
            holder = json.loads(file.read_text())
        except (OSError, ValueError):  # already removed, or still being written
            continue
        if holder.get("hostname") == socket.gethostname() and not is_alive(int(holder.get("pid") or 0)):
            file.unlink(missing_ok=True)


def _empty_checkpoint(project: str, stack: str) -> dict[str, object]:
    manifest = {
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "magic": hashlib.sha256(_ENGINE_VERSION.encode()).hexdigest(),
        "version": _ENGINE_VERSION,
    }
    latest = {
        "manifest": manifest,
        "secrets_providers": {"type": "passphrase", "state": {"salt": SANDBOX.salt}},
        "metadata": {},
    }
    return {"version": 3, "checkpoint": {"stack": f"organization/{project}/{stack}", "latest": latest}}


def _create_file(file: Path, text: str) -> None:
    """Create a file, unless it exists or another process creates it first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(text)
    try:
        os.link(temporary, file)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
