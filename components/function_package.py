"""The code of a Lambda: the zip that `make build` makes, or for a plan, the sources that it is made of."""

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pulumi
from pulumi.runtime import settings as runtime

ROOT = Path(__file__).parents[1]
PACKAGE = "functions/ai_budget"
ZIP = "build/lambda/ai_budget.zip"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", re.MULTILINE)


class NotBuiltError(Exception):
    """The zip is missing, or is not what this checkout would make; the text is one line."""

    user_error = True


def code(root: Path = ROOT) -> pulumi.Archive:
    """What the functions run. Raises NotBuiltError where a deployment to AWS would get another code.

    A zip holds wheels that have to be fetched, which a plan does not need: without one it is made of our
    sources and the pinned requirements, so that a plan changes exactly when the built zip would. Stand-ins
    for the providers (Pulumi's own PULUMI_DEBUG_PROVIDERS) run no code and always get those, so that a review
    does not depend on what was built.
    """
    if _aws_is_a_stand_in(os.environ):
        return sources(root)
    problem = why_stale(root)
    if problem is None:
        return pulumi.FileArchive(ZIP)
    if _is_deploying():
        raise NotBuiltError(f"{ZIP}: {problem}; run `make build` first")
    pulumi.log.warn(f"{ZIP}: {problem}; the functions show as changed, and `up` needs `make build` first")
    return sources(root)


def sources(root: Path = ROOT) -> pulumi.Archive:
    """Our part of the zip, and the requirements in place of the wheels. Raises NotBuiltError without any."""
    paths = [*_paths(root), f"{PACKAGE}/requirements.txt"]
    missing = [path for path in paths if not (root / path).is_file()]
    if missing:
        raise NotBuiltError(f"{missing[0]}: no such file; the Lambda's code belongs to the checkout")
    return pulumi.AssetArchive({path: pulumi.FileAsset(path) for path in paths})


def why_stale(root: Path = ROOT) -> str | None:
    """Why the zip is not what this checkout would build; None if it is."""
    try:
        with zipfile.ZipFile(root / ZIP) as archive:
            held = {name: archive.read(name) for name in archive.namelist() if name.startswith("functions/")}
            wheels = {
                _wheel(name.split("/")[0])
                for name in archive.namelist()
                if name.split("/")[0].endswith(".dist-info")
            }
    except FileNotFoundError:
        return "not built"
    except (OSError, zipfile.BadZipFile) as error:
        return f"cannot be read ({error})"
    wanted = {path: (root / path).read_bytes() for path in _paths(root) if (root / path).is_file()}
    changed = sorted(path for path in {*held, *wanted} if held.get(path) != wanted.get(path))
    if changed:
        return f"older than {changed[0]}"
    pinned = _PINNED.findall((root / PACKAGE / "requirements.txt").read_text(encoding="utf-8"))
    if wheels != {(_plain(name), version) for name, version in pinned}:
        return f"holds other packages than {PACKAGE}/requirements.txt"
    return None


def _paths(root: Path) -> list[str]:
    package = root / PACKAGE
    found = (*package.glob("*.py"), *package.glob("sql/**/*.sql"))
    return sorted(["functions/__init__.py", *(path.relative_to(root).as_posix() for path in found)])


def _wheel(directory: str) -> tuple[str, str]:
    name, _, version = directory.removesuffix(".dist-info").rpartition("-")
    return _plain(name), version


def _plain(name: str) -> str:
    """A distribution's name as packaging compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _aws_is_a_stand_in(environment: Mapping[str, str]) -> bool:
    attached = environment.get("PULUMI_DEBUG_PROVIDERS", "").split(",")
    return any(each.partition(":")[0] == "aws" for each in attached)


def _is_deploying() -> bool:
    """Whether an engine carries out what the program declares; None is a program without an engine."""
    return runtime.SETTINGS.dry_run is False
