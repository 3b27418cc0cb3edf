"""Which Python runs a program: the one that its Pulumi.yaml or its user chooses, else the sandbox's own."""

import json
import os
import platform
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import version
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

import yaml

from teei_finops.sandbox.errors import SandboxError

_AWS_SDK = "pulumi_aws"
# Prints what an interpreter has, without an import of the SDK.
_PROBE = """
import importlib.metadata as metadata, json, platform, site, sys
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
print(json.dumps({
    "prefix": sys.prefix, "version": platform.python_version(), "paths": site.getsitepackages(),
    "pulumi": version("pulumi"), "pulumi-aws": version("pulumi-aws"),
}))
"""


@dataclass(frozen=True)
class PythonEnvironment:
    """An interpreter with the SDK; `is_own` means the one that runs the sandbox.

    `site_directories` hold the program's packages. `aws_version` is that of pulumi-aws, None without it.
    `notice` says what is used instead of the environment that the program asks for.
    """

    interpreter: Path
    version: str
    aws_version: str | None
    is_own: bool
    site_directories: tuple[Path, ...] = ()
    notice: str | None = None


@dataclass(frozen=True)
class _Candidate:
    """A virtual environment or an interpreter, and where it comes from."""

    path: Path
    origin: str

    @property
    def interpreter(self) -> Path:
        if not self.path.is_dir():
            return self.path
        executables = (self.path / "bin" / "python", self.path / "Scripts" / "python.exe")
        return next((file for file in executables if file.exists()), executables[0])


def python_environment(
    project: Path, chosen: Path | None, environment: Mapping[str, str]
) -> PythonEnvironment:
    """The environment of a program; `chosen` is the interpreter or the virtual environment of `--python`.

    Raises SandboxError when `chosen` cannot run a program.
    """
    if chosen is not None:
        # Not resolved: a virtual environment is found by the path of its link to the interpreter.
        candidate = _Candidate(Path(os.path.abspath(chosen.expanduser())), "--python")
        probe = _probe(candidate.interpreter)
        if probe is None or probe["pulumi"] is None:
            problem = "is no Python interpreter" if probe is None else "has no package pulumi"
            raise SandboxError(f"--python: {chosen} {problem}; install the program's packages there")
        return _environment(candidate, probe)
    for candidate in _candidates(project, environment):
        if candidate.path.resolve() == Path(sys.prefix).resolve():
            break
        probe = _probe(candidate.interpreter)
        if probe is not None and probe["pulumi"] is not None:
            return _environment(candidate, probe)
        return _own_environment(candidate, probe)
    return _own_environment(None, None)


def _candidates(project: Path, environment: Mapping[str, str]) -> Iterator[_Candidate]:
    """The environments that a program may have, the one that its Pulumi.yaml names first."""
    options = _runtime_options(project)
    if options.get("virtualenv"):
        yield _Candidate(project / str(options["virtualenv"]), f"virtualenv {options['virtualenv']}")
        return
    if options.get("toolchain") in ("uv", "poetry"):
        yield _toolchain_environment(project, options["toolchain"], environment)
        return
    for name in (".venv", "venv"):
        if (project / name).is_dir():
            yield _Candidate(project / name, name)
    active = environment.get("VIRTUAL_ENV")
    if active and Path(active).resolve() != Path(sys.prefix).resolve():
        yield _Candidate(Path(active), f"VIRTUAL_ENV {active}")


def _runtime_options(project: Path) -> Mapping[str, Any]:
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        if (project / name).is_file():
            document = yaml.safe_load((project / name).read_text())
            runtime = document.get("runtime") if isinstance(document, dict) else None
            options = runtime.get("options") if isinstance(runtime, dict) else None
            return options if isinstance(options, dict) else {}
    return {}


def _toolchain_environment(project: Path, toolchain: str, environment: Mapping[str, str]) -> _Candidate:
    """The environment of uv or poetry: `.venv` in the project or, of a workspace, in a folder above it."""
    folders = [project, *project.parents]
    named = environment.get("UV_PROJECT_ENVIRONMENT") if toolchain == "uv" else None
    if named:
        return _Candidate(project / named, f"UV_PROJECT_ENVIRONMENT {named}")
    for folder in folders:
        if (folder / ".venv").is_dir():
            return _Candidate(folder / ".venv", f"the environment of {toolchain}")
        if (folder / "uv.lock").exists() or (folder / "poetry.lock").exists():
            break
    poetry = shutil.which("poetry") if toolchain == "poetry" else None
    if poetry:
        command = [poetry, "env", "info", "--path"]
        listing = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if listing.returncode == 0 and listing.stdout.strip():
            return _Candidate(Path(listing.stdout.strip()), "the environment of poetry")
    return _Candidate(project / ".venv", f"the environment of {toolchain}")


def _probe(interpreter: Path) -> Mapping[str, Any] | None:
    """What an interpreter has; None if it cannot be run."""
    if not interpreter.exists():
        return None
    try:
        process = subprocess.run(
            [interpreter, "-c", _PROBE], capture_output=True, text=True, timeout=60, check=False
        )
        return json.loads(process.stdout) if process.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _environment(candidate: _Candidate, probe: Mapping[str, Any]) -> PythonEnvironment:
    return PythonEnvironment(
        interpreter=candidate.interpreter,
        version=probe["version"],
        aws_version=probe["pulumi-aws"],
        is_own=Path(probe["prefix"]).resolve() == Path(sys.prefix).resolve(),
        site_directories=tuple(map(Path, probe["paths"])),
    )


def _own_environment(candidate: _Candidate | None, probe: Mapping[str, Any] | None) -> PythonEnvironment:
    own = (
        f"Python {platform.python_version()}, pulumi {version('pulumi')}, pulumi-aws {version('pulumi-aws')}"
    )
    notice, directories = None, ()
    if candidate is not None:
        problem = "does not exist" if not candidate.interpreter.exists() else "has no package pulumi"
        notice = f"{candidate.origin} {problem}; using the sandbox's own {own}"
        if probe is not None and probe["version"].split(".")[:2] == platform.python_version().split(".")[:2]:
            directories = tuple(map(Path, probe["paths"]))
    return PythonEnvironment(
        interpreter=Path(sys.executable),
        version=platform.python_version(),
        aws_version=version("pulumi-aws"),
        is_own=True,
        site_directories=directories,
        notice=notice,
    )


def use_program_sdk(environment: PythonEnvironment) -> None:
    """Have this process import the program's pulumi-aws, where its major version is not the installed one.

    The fake provider then knows the program's types and functions. Without effect when pulumi-aws has been
    imported, or when that of the program cannot be.
    """
    earlier = environment.aws_version
    if environment.is_own or earlier is None or _AWS_SDK in sys.modules:
        return
    if earlier.split(".")[0] == version("pulumi-aws").split(".")[0]:
        return
    path = list(sys.path)
    sys.path += map(str, environment.site_directories)  # it imports other packages of the program
    spec = PathFinder.find_spec(_AWS_SDK, [str(directory) for directory in environment.site_directories])
    if spec is not None and spec.loader is not None:
        sys.modules[_AWS_SDK] = module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[_AWS_SDK])
        except Exception:  # an SDK may fail in any way with this Python and this pulumi
            for name in [name for name in sys.modules if name.partition(".")[0] == _AWS_SDK]:
                del sys.modules[name]
    sys.path[:] = path


def add_packages(environment: PythonEnvironment) -> None:
    """Make the packages of a program importable in this process.

    The packages that `.pth` files name are, too, when the program runs in this process.
    """
    for directory in map(str, environment.site_directories):
        if directory not in sys.path and environment.is_own:
            site.addsitedir(directory)
        elif directory not in sys.path:
            sys.path.append(directory)
