"""The code of the Lambda: the zip from `make build`, or for a preview, the sources that go into it."""

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pulumi
from pulumi.runtime import settings as runtime

ROOT = Path(__file__).parents[2]
PACKAGE = "functions/ai_budget"
ZIP = "build/lambda/ai_budget.zip"
SOURCES = ("*.py", "aws/*.py", "sql/**/*.sql", "certificates/*.pem")  # as the build has them
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", re.MULTILINE)


class NotBuiltError(Exception):
    """The zip is missing or out of date; the text is one line."""

    user_error = True


def code(root: Path = ROOT) -> pulumi.Archive:
    """The code of the functions. Raises NotBuiltError where a deployment to AWS would use outdated code.

    A preview needs no zip, whose wheels have to be downloaded: without one, the code is the sources and the
    pinned requirements, which change exactly when the zip would. Fake providers (attached by Pulumi's own
    PULUMI_DEBUG_PROVIDERS) run no code and always get the sources, so that a review does not depend on a
    build.
    """
    if _aws_is_fake(os.environ):
        return sources(root)
    problem = why_outdated(root)
    if problem is None:
        return pulumi.FileArchive(ZIP)
    if _is_deploying():
        raise NotBuiltError(f"{ZIP}: {problem}; run `make build` first")
    pulumi.log.warn(f"{ZIP}: {problem}; the functions show as changed, and `up` needs `make build` first")
    return sources(root)


def sources(root: Path = ROOT) -> pulumi.Archive:
    """Our sources, and the requirements instead of the wheels. Raises NotBuiltError if one is missing."""
    paths = [*_paths(root), f"{PACKAGE}/requirements.txt"]
    missing = [path for path in paths if not (root / path).is_file()]
    if missing:
        raise NotBuiltError(f"{missing[0]}: no such file; the Lambda's code belongs to the checkout")
    return pulumi.AssetArchive({path: pulumi.FileAsset(path) for path in paths})


def why_outdated(root: Path = ROOT) -> str | None:
    """Why the zip is out of date; None if it is what this checkout would build."""
    try:
        with zipfile.ZipFile(root / ZIP) as archive:
            zipped = {
                name: archive.read(name) for name in archive.namelist() if name.startswith("functions/")
            }
            wheels = {
                _wheel(name.split("/")[0])
                for name in archive.namelist()
                if name.split("/")[0].endswith(".dist-info")
            }
    except FileNotFoundError:
        return "not built"
    except (OSError, zipfile.BadZipFile) as error:
        return f"cannot be read ({error})"
    current = {path: (root / path).read_bytes() for path in _paths(root) if (root / path).is_file()}
    changed = sorted(path for path in {*zipped, *current} if zipped.get(path) != current.get(path))
    if changed:
        return f"older than {changed[0]}"
    pinned = _PINNED.findall((root / PACKAGE / "requirements.txt").read_text(encoding="utf-8"))
    if wheels != {(_plain(name), version) for name, version in pinned}:
        return f"has other packages than {PACKAGE}/requirements.txt"
    return None


def _paths(root: Path) -> list[str]:
    package = root / PACKAGE
    files = (path for pattern in SOURCES for path in package.glob(pattern))
    return sorted(["functions/__init__.py", *(path.relative_to(root).as_posix() for path in files)])


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
