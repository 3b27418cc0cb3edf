"""Where a project is, and where the sandbox stores what belongs to it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError


@dataclass(frozen=True)
class Workspace:
    """A project directory and the directories in which the sandbox keeps its data.

    `state` holds the engine's stacks (file backend); `scratch` holds the journals of the fake AWS accounts,
    changed configuration values and the engine's home directory.
    """

    project: Path
    state: Path
    scratch: Path

    @classmethod
    def at(cls, project: Path, build: Path | None = None) -> "Workspace":
        """The workspace of a project directory, with its data in `build`, by default the project's own.

        Raises SandboxError when the directory does not exist or the engine cannot use the path of `build`.
        """
        project = project.resolve()
        if not project.is_dir():
            raise SandboxError(f"{project}: no such directory; give the project's directory with -C")
        build = (build or project / "build").resolve()
        if any(character in str(build) for character in "?#%"):
            raise SandboxError(
                f"{build}: the engine cannot store state in a path that contains ?, # or %; move the project"
            )
        return cls(project=project, state=build / "state", scratch=build / "sandbox")

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
