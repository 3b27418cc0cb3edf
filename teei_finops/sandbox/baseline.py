"""Another state of the project, from git or from files that differ, in a directory of its own."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError

_NOT_PROGRAM = shutil.ignore_patterns("build", ".venv", ".tools", ".git", "__pycache__")


def unpack_baseline(base: str, project: Path, into: Path) -> None:
    """Unpack the state that `base` names: a git reference, or `./` and a folder of the project with the files
    that were different then (such as stack configs), laid over a copy of the project. Raises SandboxError.
    """
    if not base.startswith("./"):
        check_out(base, project, into)
        return
    overlay = project / base
    if not overlay.is_dir():
        raise SandboxError(f"BASE: there is no folder {base} in {project}")
    shutil.copytree(project, into, ignore=_NOT_PROGRAM, symlinks=True)
    shutil.copytree(overlay, into, dirs_exist_ok=True)


def check_out(reference: str, project: Path, into: Path) -> None:
    """Unpack the project as it is at a git reference; raises SandboxError when git does not know it."""
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if commit is None:
        raise SandboxError(f"BASE: git knows no commit {reference!r} in {project}")
    prefix = (_git(project, "rev-parse", "--show-prefix") or b"").decode().strip()
    tree = f"{commit.decode().strip()}:{prefix}"
    archive = _git(project, "archive", "--format=tar", tree)
    if archive is None:
        raise SandboxError(f"BASE: {reference} does not hold {prefix or 'the project'}")
    into.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(into, filter="data")


def _git(directory: Path, *arguments: str) -> bytes | None:
    """What git prints; None when it fails."""
    command = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise SandboxError("BASE needs git: install it") from None
    return done.stdout if done.returncode == 0 else None
