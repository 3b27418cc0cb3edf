"""The baseline of a review: an earlier version of the project, in a directory of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError

_NOT_COPIED = shutil.ignore_patterns(
    "build", ".venv", "venv", ".tools", ".git", "__pycache__", "node_modules"
)
_SUBMODULE_MODE = "160000"


def unpack_baseline(baseline: str, project: Path, destination: Path) -> Path:
    """Write the baseline of a project into a new directory; returns where the project is in it.

    `baseline` is a git reference, or `./` and a folder of the project that holds the earlier versions of some
    files (stack files, say), which replace those in a copy of the project. Raises SandboxError.
    """
    if not baseline.startswith("./"):
        return _check_out(baseline, project, destination)
    earlier_files = project / baseline
    if not earlier_files.is_dir():
        raise SandboxError(f"BASE: no folder {baseline} in {project}; give a git reference or ./FOLDER")
    shutil.copytree(project, destination, ignore=_NOT_COPIED, symlinks=True)
    shutil.copytree(earlier_files, destination, dirs_exist_ok=True)
    return destination


def _check_out(reference: str, project: Path, destination: Path) -> Path:
    """The whole repository, since a program in a subfolder may import from the folders beside it."""
    root = _git(project, "rev-parse", "--show-toplevel")
    if root is None:
        raise SandboxError(f"BASE: {project} is in no git repository; give ./FOLDER instead of {reference!r}")
    commit = _commit(project, reference)
    prefix = _git(project, "rev-parse", "--show-prefix") or ""
    if prefix and _git(project, "cat-file", "-e", f"{commit}:{prefix}") is None:
        raise SandboxError(f"BASE: {reference} does not contain {prefix}; give a later commit")
    _write_files(Path(root), commit, destination)
    return destination / prefix


def _commit(project: Path, reference: str) -> str:
    revision = f"{reference}^{{commit}}"
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", revision)
    if commit is not None:
        return commit
    if _git(project, "rev-parse", "--is-shallow-repository") == "true":
        raise SandboxError(
            f"BASE: {reference!r} is not in the shallow clone {project}; run `git fetch --unshallow`, "
            "or check out with fetch-depth: 0"
        )
    raise SandboxError(f"BASE: unknown git reference {reference!r} in {project}; fetch it first")


def _write_files(repository: Path, commit: str, destination: Path) -> None:
    """Write all files of a commit, also those that an archive would leave out, and of its submodules."""
    destination.mkdir(parents=True, exist_ok=True)
    # An index of its own: that of the repository may have changes that are not committed.
    index = {"GIT_INDEX_FILE": str(destination.with_name(f"{destination.name}.index"))}
    for command in (
        ("read-tree", commit),
        ("checkout-index", "--all", "--force", f"--prefix={destination}{os.sep}"),
    ):
        if _git(repository, *command, environment=index) is None:
            raise SandboxError(f"BASE: git {command[0]} failed for {commit} in {repository}")
    Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)
    for path, pinned in _submodules(repository, commit):
        if not (repository / path / ".git").exists():  # the current program does without it, too
            continue
        if _git(repository / path, "cat-file", "-e", pinned) is None:
            raise SandboxError(
                f"BASE: the submodule {path} lacks the commit {pinned[:12]}; run `git -C {path} fetch`"
            )
        _write_files(repository / path, pinned, destination / path)


def _submodules(repository: Path, commit: str) -> Iterator[tuple[str, str]]:
    """(path, commit) of each submodule."""
    for line in (_git(repository, "ls-tree", "-r", "-z", commit) or "").split("\0"):
        head, _, path = line.partition("\t")
        if head.startswith(_SUBMODULE_MODE):
            yield path, head.split()[2]


def _git(directory: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The output of git; None if it fails."""
    command = ["git", "-C", str(directory), *arguments]
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
        )
    except FileNotFoundError:
        raise SandboxError("BASE: git is not installed; install it, or give ./FOLDER") from None
    return process.stdout.strip() if process.returncode == 0 else None
