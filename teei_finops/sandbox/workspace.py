"""Where a project is, and where the sandbox stores what belongs to it."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError


@dataclass(frozen=True)
class Workspace:
    """A project directory and the directories in which the sandbox keeps its data.

    `build` holds them all: `state` the engine's stacks (file backend); `scratch` the journals of the fake
    AWS accounts, changed configuration values and the engine's home directory.
    """

    project: Path
    build: Path

    @classmethod
    def at(cls, project: Path, build: Path | None = None) -> "Workspace":
        """The workspace of a project directory, with its data in `build`, by default in the user's cache.

        Raises SandboxError when the directory does not exist or the engine cannot use the path of `build`.
        """
        project = project.resolve()
        if not project.is_dir():
            raise SandboxError(f"{project}: no such directory; give the project's directory with -C")
        build = (build or _cache_directory(project)).resolve()
        if any(character in str(build) for character in "?#%"):
            raise SandboxError(
                f"{build}: the engine cannot store state in a path that contains ?, # or %; "
                "give another with --state"
            )
        return cls(project=project, build=build)

    @property
    def state(self) -> Path:
        return self.build / "state"

    @property
    def scratch(self) -> Path:
        return self.build / "sandbox"

    @property
    def engine_home(self) -> Path:
        """The directory that the engine uses instead of `~/.pulumi`."""
        return self.scratch / "home"

    @contextmanager
    def empty_home(self) -> Iterator[Path]:
        """An empty directory that takes the place of the user's home directory in one run."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=self.scratch, prefix="user-home-", ignore_cleanup_errors=True
        ) as home:
            yield Path(home)


def _cache_directory(project: Path) -> Path:
    """The folder of a project in the user's cache: its name and a digest of its path."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    digest = hashlib.sha256(str(project).encode()).hexdigest()[:8]
    return Path(cache) / "teei-finops" / "sandbox" / f"{project.name}-{digest}"
