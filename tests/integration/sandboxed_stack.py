"""A stack of a Pulumi program, run with `teei-finops sandbox` in a process of its own."""

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from teei_finops import cli
from teei_finops.sandbox.providers.attached import account_of
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in
from teei_finops.sandbox.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload(["tests.integration.preloaded"])


def start_sandbox(directory: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "teei_finops", *_sandbox(directory, arguments), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_sandbox(
    directory: Path, *arguments: str, merge_stderr: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """As `start_sandbox`, in a process forked from one that has imported the SDKs: half the time.

    With `merge_stderr`, stdout has both, as on a terminal.
    """
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch, name) for name in ("stdout", "stdout" if merge_stderr else "stderr")]
        command = ["teei-finops", *_sandbox(directory, arguments), *arguments]
        process = _FORK_SERVER.Process(target=_run, args=(command, {**os.environ, **environment}, *files))
        process.start()
        process.join()
        stdout, stderr = (file.read_text() for file in files)
        return subprocess.CompletedProcess(
            arguments, process.exitcode, stdout, "" if merge_stderr else stderr
        )


def _sandbox(directory: Path, arguments: tuple[str, ...]) -> list[str]:
    """With state in the directory and an account that boto3 can read, unless the arguments choose a state."""
    options = [] if "--state" in arguments else ["--state", str(directory / "build"), "--moto"]
    return ["sandbox", "-C", str(directory), *options]


def _run(command: list[str], environment: dict[str, str], stdout: Path, stderr: Path) -> None:
    os.chdir(ROOT)
    for number, file in enumerate((Path(os.devnull), stdout, stderr)):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    cli.run()


@dataclass(frozen=True)
class SandboxedStack:
    """One stack of the program in a directory; with `moto` its AWS resources are in a fake account, too."""

    directory: Path
    stack: str = "dev"
    moto: bool = True

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return start_sandbox(self.directory, *self._options(), *arguments, **environment)

    def sandbox(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_sandbox(self.directory, *self._options(), *arguments, **environment)

    def _options(self) -> list[str]:
        return [] if self.moto else ["--state", str(self.directory / "build")]

    def pulumi(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.sandbox("--", *arguments, "-s", self.stack, "--non-interactive", **environment)

    def up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("up", "--yes", "--skip-preview", **environment)

    def destroy(self) -> subprocess.CompletedProcess[str]:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def preview_document(self) -> dict:
        """The document that `preview --json` prints."""
        preview = self.pulumi("preview", "--json", "--show-sames")
        assert preview.returncode == 0, preview.stdout + preview.stderr
        return json.loads(preview.stdout)

    def planned(self) -> dict[str, str]:
        """The operation of each resource that a preview would change, by logical name."""
        steps = self.preview_document()["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps if step["op"] != "same"}

    def outputs(self) -> dict:
        output = self.pulumi("stack", "output", "--json")
        assert output.returncode == 0, output.stderr
        return json.loads(output.stdout)

    def resources(self) -> list[dict]:
        """The resources in the stack's state."""
        project = Project.at(self.directory)
        assert project is not None
        return resources_in(checkpoint_file(self.workspace(), project.name, self.stack))

    def workspace(self) -> Workspace:
        return Workspace.at(self.directory, self.directory / "build")

    def state(self) -> dict[str, dict]:
        """The resources in the stack's state, by logical name."""
        return {resource["urn"].rsplit("::", 1)[-1]: resource for resource in self.resources()}

    @contextmanager
    def boto3_session(self):
        """A boto3 session on the fake AWS account of the stack."""
        account = account_of(self.workspace(), Project.at(self.directory), self.stack)
        try:
            with account.session() as session:
                yield session
        finally:
            account.close()

    def files(self) -> dict[str, bytes]:
        """The content of each file in the program's directory, subdirectories left out."""
        return {file.name: file.read_bytes() for file in self.directory.iterdir() if file.is_file()}


class SmallProgram(SandboxedStack):
    """A program of a few lines that a test writes."""

    @classmethod
    def at(cls, directory: Path, text: str) -> "SmallProgram":
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (directory / "__main__.py").write_text(textwrap.dedent(text))
        return cls(directory)

    def configure(self, **settings: object) -> None:
        """Write the stack file."""
        config = {f"small:{key}": value for key, value in settings.items()}
        (self.directory / f"Pulumi.{self.stack}.yaml").write_text(yaml.safe_dump({"config": config}))

    def deployed(self) -> "SmallProgram":
        """The program after a successful `up`."""
        up = self.up()
        assert up.returncode == 0, up.stdout + up.stderr
        return self
