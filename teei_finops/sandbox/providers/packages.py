"""The Pulumi packages that a program may use: their names, versions, and plugins on this machine."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

# Used by many programs, also where no SDK says so.
_COMMON = (
    "random", "tls", "time", "command", "null", "archive", "docker", "docker-build", "local", "http",
    "cloudflare", "github",
)  # fmt: skip
# Packages of components: only their plugin knows which resources a component consists of.
# https://www.pulumi.com/registry/packages/ (2026-11)
_COMPONENTS = frozenset({
    "awsx", "eks", "aws-apigateway", "aws-iam", "aws-static-website", "synced-folder", "lambda-builders",
    "kubernetes-cert-manager", "kubernetes-coredns", "kubernetes-ingress-nginx", "gcp-global-cloudrun",
    "google-cloud-static-website", "azure-static-website",
})  # fmt: skip
_NOT_GENERIC = frozenset({"aws", "kubernetes", "policy", "pulumi"})


@dataclass(frozen=True)
class Package:
    """A Pulumi package and the version of its SDK."""

    name: str
    version: str = "1.0.0"

    @property
    def is_component(self) -> bool:
        return self.name in _COMPONENTS

    @property
    def executable(self) -> str:
        """The name of the plugin's program."""
        return f"pulumi-resource-{self.name}"


def packages_and_plugins(
    project: Path, site_directories: Sequence[Path], environment: Mapping[str, str]
) -> tuple[Sequence[Package], Sequence[Path]]:
    """The packages with a generic fake, and the folders of the plugins for the others."""
    packages, plugins = [], []
    for package in generic_packages(project, site_directories):
        plugin = installed_plugin(package, Path.home()) if package.is_component else None
        if plugin is not None:
            plugins.append(plugin)
        elif not (package.is_component and _is_on_path(package, environment.get("PATH"))):
            packages.append(package)
    return packages, plugins


def generic_packages(project: Path, site_directories: Sequence[Path] = ()) -> Sequence[Package]:
    """The common packages, those of components, and those whose SDK is installed.

    An SDK may be installed in the environment of this process, in `site_directories`, or in the
    `node_modules` of the project.
    """
    packages = {name: Package(name) for name in (*_COMMON, *sorted(_COMPONENTS))}
    paths = [*map(str, site_directories), *sys.path]
    python = [_package_of(distribution) for distribution in distributions(path=paths)]
    for package in [*python, *_node_packages(project)]:
        if package and packages.get(package.name, Package(package.name)) == Package(package.name):
            packages[package.name] = package
    return tuple(package for package in packages.values() if package.name not in _NOT_GENERIC)


def installed_plugin(package: Package, user_home: Path) -> Path | None:
    """The folder of a package's newest plugin in the user's `~/.pulumi/plugins`; None without one."""
    folders = sorted(
        (user_home / ".pulumi" / "plugins").glob(f"resource-{package.name}-v*"),
        key=lambda folder: (folder.name.endswith(f"-v{package.version}"), folder.stat().st_mtime),
    )
    return folders[-1] if folders else None


def _is_on_path(package: Package, path: str | None) -> bool:
    return shutil.which(package.executable, path=path or os.defpath) is not None


def _node_packages(project: Path) -> Iterator[Package]:
    for file in project.glob("node_modules/@*/*/package.json"):
        document = json.loads(file.read_text())
        plugin = document.get("pulumi")
        if isinstance(plugin, dict) and plugin.get("resource"):
            name = plugin.get("name") or file.parent.name
            yield Package(name, str(plugin.get("version") or document.get("version")).removeprefix("v"))


def _package_of(distribution: Distribution) -> Package | None:
    """The package of an SDK, which has another name than the distribution in some cases."""
    normalized = (distribution.name or "").lower().replace("_", "-")
    if "pulumi" not in normalized:
        return None
    module = normalized.replace("-", "_")
    try:
        plugin = json.loads(distribution.locate_file(f"{module}/pulumi-plugin.json").read_text())
    except (OSError, ValueError):
        plugin = {}
    if not plugin and not normalized.startswith("pulumi-"):
        return None  # not an SDK; those of others, such as pulumiverse-scaleway, say which package they are
    name = plugin.get("name") or normalized.removeprefix("pulumi-")
    return Package(name, str(plugin.get("version") or distribution.version).removeprefix("v"))
