"""The environment the engine runs in: nothing of the user's own, everything under `build/`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from teei_finops.sandbox.passphrase import SANDBOX
from teei_finops.sandbox.workspace import Workspace

# A policy pack in Python, and resources whose provider is part of the program.
_PLUGINS = {
    "pulumi-analyzer-policy-python": 'pulumi.policy "$1" "$2"',
    "pulumi-resource-pulumi-python": 'pulumi.dynamic "$@"',
}
_HIDDEN_PREFIXES = ("AWS_", "PULUMI_OPTION_")
_KEPT = ("AWS_REGION", "AWS_DEFAULT_REGION")
_HIDDEN = frozenset({
    "KUBECONFIG", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CREDENTIALS_PATH", "PULUMI_API",
})  # fmt: skip


def engine_environment(
    user: Mapping[str, str],
    workspace: Workspace,
    *,
    language_port: int,
    provider_ports: Mapping[str, int],
    config_file: Path | None,
) -> dict[str, str]:
    """The user's environment without what reaches an account, plus what attaches the stand-ins."""
    for directory in (workspace.state, workspace.home):
        directory.mkdir(parents=True, exist_ok=True)
    kept = {
        name: value
        for name, value in user.items()
        if name in _KEPT or (name not in _HIDDEN and not name.startswith(_HIDDEN_PREFIXES))
    }
    nothing = str(workspace.scratch / "none")
    if config_file is not None:
        kept["PULUMI_OPTION_CONFIG_FILE"] = str(config_file)
    return {
        **kept,
        "PATH": os.pathsep.join(
            [str(_plugin_directory(workspace)), str(Path(sys.executable).parent), kept.get("PATH", "")]
        ),
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        "AWS_EC2_METADATA_DISABLED": "true",
        "KUBECONFIG": nothing,
        "PULUMI_HOME": str(workspace.home),
        "PULUMI_BACKEND_URL": f"file://{workspace.state}",
        "PULUMI_CONFIG_PASSPHRASE": SANDBOX.passphrase,
        "PULUMI_DEBUG_LANGUAGES": f"python:{language_port}",
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in provider_ports.items()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",  # `--event-log` is a flag only then
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_OPTION_PRESERVE_CONFIG": "true",
    }


def _plugin_directory(workspace: Workspace) -> Path:
    """Where the engine finds what pulumi's own distribution has beside it, run by our Python."""
    directory = workspace.scratch / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    for name, command in _PLUGINS.items():
        script = directory / name
        text = f'#!/bin/sh\nexec "{sys.executable}" -u -m {command}\n'
        if not script.exists() or script.read_text() != text:
            fresh = directory / f".{name}.{os.getpid()}"
            fresh.write_text(text)
            fresh.chmod(0o755)
            fresh.replace(script)
    return directory
