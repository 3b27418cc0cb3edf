"""The languages of programs: Python's host is part of the sandbox, others come with Pulumi."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.stacks import Project

# Commands that run the program.
_RUN_THE_PROGRAM = frozenset({"preview", "pre", "up", "update", "watch"})


def check_language(project: Project, arguments: Sequence[str], engine: Path) -> None:
    """Raise SandboxError when a command runs a program in a language that the engine has no host for."""
    if project.runtime == "python" or not _RUN_THE_PROGRAM.intersection(arguments[:1]):
        return
    host = f"pulumi-language-{project.runtime}"
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(engine.resolve().parent)])
    if shutil.which(host, path=path) is None:
        raise SandboxError(
            f"{project.directory}: the sandbox runs Python programs; for {project.runtime} install Pulumi "
            f"(https://www.pulumi.com/docs/install/), so that {host} is on the PATH, or give "
            "`teei-finops review` a preview"
        )
