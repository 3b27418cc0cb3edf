"""The baseline of a review: an earlier version of the project, in a directory of its own."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError

_NOT_COPIED = shutil.ignore_patterns("build", ".venv", ".tools", ".git", "__pycache__")


def unpack_baseline(baseline: str, project: Path, destination: Path) -> None:
    """Write the baseline of a project into a new directory.

    `baseline` is a git reference, or `./` and a folder of the project that holds the earlier versions of some
    files (stack files, say), which replace those in a copy of the project. Raises SandboxError.
    """
    if not baseline.startswith("./"):
        _check_out(baseline, project, destination)
        return
    earlier_files = project / baseline
    if not earlier_files.is_dir():
        raise SandboxError(f"BASE: no folder {baseline} in {project}; give a git reference or ./FOLDER")
    shutil.copytree(project, destination, ignore=_NOT_COPIED, symlinks=True)
    shutil.copytree(earlier_files, destination, dirs_exist_ok=True)


def _check_out(reference: str, project: Path, destination: Path) -> None:
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if commit is None:
        raise SandboxError(f"BASE: unknown git reference {reference!r} in {project}; fetch it first")
    prefix = (_git(project, "rev-parse", "--show-prefix") or b"").decode().strip()
    tree = f"{commit.decode().strip()}:{prefix}"
    archive = _git(project, "archive", "--format=tar", tree)
    if archive is None:
        raise SandboxError(
            f"BASE: {reference} does not contain {prefix or 'the project'}; give a later commit"
        )
    destination.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(destination, filter="data")


def _git(directory: Path, *arguments: str) -> bytes | None:
    """The output of git; None if it fails."""
    command = ["git", "-C", str(directory), *arguments]
    try:
        process = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise SandboxError("BASE: git is not installed; install it, or give ./FOLDER") from None
    return process.stdout if process.returncode == 0 else None
