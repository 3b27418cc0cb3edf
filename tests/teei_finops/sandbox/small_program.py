"""A small Pulumi program in a directory of its own, run by the sandbox as a user runs it."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import yaml

from teei_finops.sandbox.environment import Place
from teei_finops.sandbox.providers.attached import account_of
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class SmallProgram:
    directory: Path
    stack: str = "dev"

    @classmethod
    def at(cls, directory: Path, text: str, name: str = "small") -> "SmallProgram":
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        program = cls(directory)
        program.write(text)
        return program

    def write(self, text: str) -> None:
        (self.directory / "__main__.py").write_text(textwrap.dedent(text))

    def configure(self, **settings: object) -> None:
        config = {f"small:{key}": value for key, value in settings.items()}
        (self.directory / f"Pulumi.{self.stack}.yaml").write_text(yaml.safe_dump({"config": config}))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "teei_finops", "sandbox", "-C", str(self.directory), *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sandbox(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        stdout, stderr = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def pulumi(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.sandbox("--", *arguments, "-s", self.stack, "--non-interactive", **environment)

    def up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("up", "--yes", "--skip-preview", **environment)

    def made(self) -> "SmallProgram":
        """The program once its stack is up."""
        done = self.up()
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def destroy(self) -> subprocess.CompletedProcess[str]:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def document(self) -> dict:
        done = self.pulumi("preview", "--json", "--show-sames")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def planned(self) -> dict[str, str]:
        """The operation of each resource that a preview would touch, by its logical name."""
        steps = self.document()["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps if step["op"] != "same"}

    def outputs(self) -> dict:
        done = self.pulumi("stack", "output", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def state(self) -> dict[str, dict]:
        """The resources that the stack holds, by logical name."""
        resources = resources_in(checkpoint_file(Place.under(self.directory), "small", self.stack))
        return {resource["urn"].rsplit("::", 1)[-1]: resource for resource in resources}

    def account(self):
        """The AWS account of the stack; close it after use."""
        place = Place.under(self.directory)
        return account_of(place, Project.at(place.project), self.stack)

    def files(self) -> dict[str, bytes]:
        """The project's own files and what is in them."""
        return {file.name: file.read_bytes() for file in self.directory.iterdir() if file.is_file()}
