"""The code of the Lambda functions: the zips from `make build`, or for a preview, the sources in them."""

import os
import re
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pulumi
from pulumi.runtime import settings as runtime

ROOT = Path(__file__).parents[2]
PACKAGES = "functions/packages.toml"  # which files each package has
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", re.MULTILINE)


class NotBuiltError(Exception):
    """The zip is missing or out of date; the text is one line."""

    user_error = True


def archives(root: Path = ROOT) -> dict[str, pulumi.Archive]:
    """The code of every package by its name. Raises NotBuiltError."""
    return {name: code(name, root) for name in _packages(root)}


def code(name: str, root: Path = ROOT) -> pulumi.Archive:
    """The code of a package. Raises NotBuiltError where a deployment to AWS would use outdated code.

    A preview needs no zip, whose wheels have to be downloaded: without one, the code is the sources and the
    pinned requirements, which change exactly when the zip would. Fake providers (attached by Pulumi's own
    PULUMI_DEBUG_PROVIDERS) run no code and always get the sources, so that a review does not depend on a
    build.
    """
    if _aws_is_fake(os.environ):
        return sources(name, root)
    problem = why_outdated(name, root)
    if problem is None:
        return pulumi.FileArchive(zip_path(name))
    if _is_deploying():
        raise NotBuiltError(f"{zip_path(name)}: {problem}; run `make build` first")
    pulumi.log.warn(
        f"{zip_path(name)}: {problem}; its functions show as changed, and `up` needs `make build` first"
    )
    return sources(name, root)


def zip_path(name: str) -> str:
    """Where `make build` writes a package, from the root of the repository."""
    return f"build/lambda/{name}.zip"


def sources(name: str, root: Path = ROOT) -> pulumi.Archive:
    """Our sources, and the requirements instead of the wheels. Raises NotBuiltError if one is missing."""
    paths = [*_paths(name, root), _requirements(name)]
    missing = [path for path in paths if not (root / path).is_file()]
    if missing:
        raise NotBuiltError(f"{missing[0]}: no such file; the Lambda's code belongs to the checkout")
    return pulumi.AssetArchive({path: pulumi.FileAsset(path) for path in paths})


def why_outdated(name: str, root: Path = ROOT) -> str | None:
    """Why the zip of a package is out of date; None if it is what this checkout would build."""
    try:
        with zipfile.ZipFile(root / zip_path(name)) as archive:
            paths = archive.namelist()
            ours = {"functions", *(path.split("/")[0] for path in _paths(name, root))}
            zipped = {path: archive.read(path) for path in paths if path.split("/")[0] in ours}
            folders = {path.split("/")[0] for path in paths}
            wheels = {_wheel(folder) for folder in folders if folder.endswith(".dist-info")}
    except FileNotFoundError:
        return "not built"
    except (OSError, zipfile.BadZipFile) as error:
        return f"cannot be read ({error})"
    current = {path: (root / path).read_bytes() for path in _paths(name, root) if (root / path).is_file()}
    changed = sorted(path for path in {*zipped, *current} if zipped.get(path) != current.get(path))
    if changed:
        return f"older than {changed[0]}"
    pinned = _PINNED.findall((root / _requirements(name)).read_text(encoding="utf-8"))
    if wheels != {(_plain(library), version) for library, version in pinned}:
        return f"has other packages than {_requirements(name)}"
    return None


def _packages(root: Path) -> dict[str, list[str]]:
    try:
        declared = tomllib.loads((root / PACKAGES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotBuiltError(f"{PACKAGES}: no such file; the Lambda's code belongs to the checkout") from None
    return {name: package["sources"] for name, package in declared.items()}


def _requirements(name: str) -> str:
    return f"functions/{name}/requirements.txt"


def _paths(name: str, root: Path) -> list[str]:
    files = (path for pattern in _packages(root)[name] for path in root.glob(pattern))
    return sorted(path.relative_to(root).as_posix() for path in files)


def _wheel(directory: str) -> tuple[str, str]:
    name, _, version = directory.removesuffix(".dist-info").rpartition("-")
    return _plain(name), version


def _plain(name: str) -> str:
    """A distribution's name as packaging compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _aws_is_fake(environment: Mapping[str, str]) -> bool:
    attached = environment.get("PULUMI_DEBUG_PROVIDERS", "").split(",")
    return any(provider.partition(":")[0] == "aws" for provider in attached)


def _is_deploying() -> bool:
    """Whether the engine applies what the program declares; `dry_run` is None without an engine."""
    return runtime.SETTINGS.dry_run is False
