"""The environment variables of a run: the visible ones of the user, and those of the sandbox."""

import os
import shutil
import site
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from teei_finops.policy_pack import PROJECT_VARIABLE
from teei_finops.sandbox.passphrase import SANDBOX
from teei_finops.sandbox.visible_variables import visible_variables
from teei_finops.sandbox.workspace import Workspace


def engine_environment(
    user: Mapping[str, str],
    workspace: Workspace,
    *,
    home: Path,
    language_port: int,
    provider_ports: Mapping[str, int],
    config_file: Path | None,
    aws_endpoint: str,
    plugins: Sequence[Path] = (),
    interpreter: Path = Path(sys.executable),
) -> dict[str, str]:
    """The user's variables that are visible, and those that attach the language host and the providers.

    The engine runs the plugins in the folders of `plugins`, and the program's dynamic providers with
    `interpreter`, which has what they import. AWS SDKs inside the program reach the fake account at
    `aws_endpoint`.

    `home` is an empty directory. Creates the directories of the workspace that the engine needs.
    """
    for directory in (workspace.state, workspace.engine_home):
        directory.mkdir(parents=True, exist_ok=True)
    _prevent_log_files(workspace.engine_home)
    visible = visible_variables(user, workspace.project)
    if config_file is not None:
        visible["PULUMI_OPTION_CONFIG_FILE"] = str(config_file)
    missing_file = str(workspace.scratch / "none")
    path = [
        *map(str, plugins),
        str(_plugin_directory(workspace, interpreter)),
        str(Path(sys.executable).parent),
        visible.get("PATH", ""),
    ]
    return {
        "AWS_DEFAULT_REGION": default_region(),
        **visible,
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",  # in the directory of the program
        "PYTHONUSERBASE": site.getuserbase(),  # of `pip install --user`, which would follow HOME
        "PATH": os.pathsep.join(path),
        "AWS_CONFIG_FILE": missing_file,
        "AWS_SHARED_CREDENTIALS_FILE": missing_file,
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
        "KUBECONFIG": missing_file,
        PROJECT_VARIABLE: str(workspace.project),
        "PULUMI_HOME": str(workspace.engine_home),
        "PULUMI_BACKEND_URL": f"file://{workspace.state}",
        "PULUMI_CONFIG_PASSPHRASE": SANDBOX.passphrase,
        "PULUMI_DEBUG_LANGUAGES": f"python:{language_port}",
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in provider_ports.items()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",  # enables the flag `--event-log`
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # Write the state once, at the end: a write after each step takes most of the engine's time, and what
        # it protects from, untracked resources, cannot be in a fake account.
        "PULUMI_SKIP_CHECKPOINTS": "true",
        "PULUMI_OPTION_PRESERVE_CONFIG": "true",
    }


def _prevent_log_files(engine_home: Path) -> None:
    """Put a file in place of the directory of the engine's automatic log files.

    They have all messages of all levels, compressed and encrypted: half of the processor time of the engine
    and 2 MB for each preview. It has no option against them, but goes on without where it cannot create the
    directory (pkg/v3/logging of the engine, v3.259.0).
    """
    logs = engine_home / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.touch()


def _plugin_directory(workspace: Workspace, program_interpreter: Path) -> Path:
    """A directory with a script for each plugin that Pulumi's own distribution has beside the engine.

    A policy pack runs with this Python, a dynamic provider with that of the program.
    """
    directory = workspace.scratch / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    for name, (module, interpreter) in {
        "pulumi-analyzer-policy-python": ('pulumi.policy "$1" "$2"', sys.executable),
        "pulumi-resource-pulumi-python": ('pulumi.dynamic "$@"', program_interpreter),
    }.items():
        script = directory / name
        text = f'#!/bin/sh\nexec "{interpreter}" -u -m {module}\n'
        if not script.exists() or script.read_text() != text:
            temporary = directory / f".{name}.{os.getpid()}"
            temporary.write_text(text)
            temporary.chmod(0o755)
            temporary.replace(script)
    return directory


def default_region() -> str:
    """The Region of the fake AWS providers that the config of a stack gives none."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
