"""The environment variables of the engine: no credentials of the user, and all state in the workspace."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from teei_finops.sandbox.passphrase import SANDBOX
from teei_finops.sandbox.workspace import Workspace

# Plugins that Pulumi's own distribution has beside the engine: Python policy packs and dynamic providers.
_PLUGINS = {
    "pulumi-analyzer-policy-python": 'pulumi.policy "$1" "$2"',
    "pulumi-resource-pulumi-python": 'pulumi.dynamic "$@"',
}
_HIDDEN_PREFIXES = ("AWS_", "PULUMI_OPTION_")
_VISIBLE = ("AWS_REGION", "AWS_DEFAULT_REGION")
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
    """The user's variables without credentials, and those that attach the language host and the providers.

    Creates the directories of the workspace that the engine needs.
    """
    for directory in (workspace.state, workspace.home):
        directory.mkdir(parents=True, exist_ok=True)
    visible = {
        name: value
        for name, value in user.items()
        if name in _VISIBLE or (name not in _HIDDEN and not name.startswith(_HIDDEN_PREFIXES))
    }
    if config_file is not None:
        visible["PULUMI_OPTION_CONFIG_FILE"] = str(config_file)
    missing_file = str(workspace.scratch / "none")
    path = [str(_plugin_directory(workspace)), str(Path(sys.executable).parent), visible.get("PATH", "")]
    return {
        **visible,
        "PATH": os.pathsep.join(path),
        "AWS_CONFIG_FILE": missing_file,
        "AWS_SHARED_CREDENTIALS_FILE": missing_file,
        "AWS_EC2_METADATA_DISABLED": "true",
        "KUBECONFIG": missing_file,
        "PULUMI_HOME": str(workspace.home),
        "PULUMI_BACKEND_URL": f"file://{workspace.state}",
        "PULUMI_CONFIG_PASSPHRASE": SANDBOX.passphrase,
        "PULUMI_DEBUG_LANGUAGES": f"python:{language_port}",
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in provider_ports.items()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",  # enables the flag `--event-log`
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_OPTION_PRESERVE_CONFIG": "true",
    }


def _plugin_directory(workspace: Workspace) -> Path:
    """A directory with a script for each plugin, which runs it with this Python."""
    directory = workspace.scratch / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    for name, module in _PLUGINS.items():
        script = directory / name
        text = f'#!/bin/sh\nexec "{sys.executable}" -u -m {module}\n'
        if not script.exists() or script.read_text() != text:
            temporary = directory / f".{name}.{os.getpid()}"
            temporary.write_text(text)
            temporary.chmod(0o755)
            temporary.replace(script)
    return directory
