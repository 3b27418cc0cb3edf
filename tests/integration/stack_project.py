"""The project in a directory and with state of its own, for tests that run the engine."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from teei_finops.sandbox.environment import Place
from teei_finops.sandbox.stacks import checkpoint_file, resources_in
from tests.components.stack_config import ROOT, STACKS


@dataclass(frozen=True)
class Project:
    """A copy of the project in a directory of its own, with state of its own."""

    directory: Path

    @classmethod
    def copied_to(cls, directory):
        without_caches = shutil.ignore_patterns("__pycache__")
        for package in ("components", "policies", "teei_finops", "functions"):
            shutil.copytree(ROOT / package, directory / package, ignore=without_caches)
        for file in ("__main__.py", "Pulumi.yaml", *(f"Pulumi.{stack}.yaml" for stack in STACKS)):
            shutil.copy(ROOT / file, directory)
        return cls(directory)

    def sandbox(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "teei_finops", "sandbox", "-C", str(self.directory), *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def pulumi(self, stack, *arguments):
        return self.sandbox("--", *arguments, "-s", stack)

    def up(self, stack):
        return self.pulumi(stack, "up", "--yes", "--skip-preview", "--non-interactive")

    def planned(self, stack):
        """The operations of a preview that are not `same`, by logical name."""
        done = self.pulumi(stack, "preview", "--json", "--non-interactive")
        assert done.returncode == 0, done.stderr
        steps = json.loads(done.stdout)["steps"]
        return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in steps if step["op"] != "same"}

    def state(self, stack):
        """The resources that the stack holds, as the engine keeps them."""
        return resources_in(checkpoint_file(Place.under(self.directory), "teei-finops", stack))

    def set(self, stack, path, value):
        """Write a value into the stack file, in place of its default; `restore` undoes it."""
        file = self.directory / f"Pulumi.{stack}.yaml"
        shared = yaml.safe_load((self.directory / "Pulumi.yaml").read_text())["config"]
        document = yaml.safe_load(file.read_text())
        name, *parents, last = path.split(".")
        key = f"teei-finops:{name}"
        section = document["config"].setdefault(key, shared.get(key, {}).get("default", {}))
        for part in parents:
            section = section.setdefault(part, {})
        section[last] = value
        file.write_text(yaml.safe_dump(document, sort_keys=False))

    def restore(self, stack):
        """The stack file as it is in the repository."""
        shutil.copy(ROOT / f"Pulumi.{stack}.yaml", self.directory)
