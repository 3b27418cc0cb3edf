"""A copy of this project in a directory of its own, for tests that run the engine."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.components.stack_config import ROOT, STACKS
from tests.integration.sandboxed_stack import SandboxedStack, run_sandbox


@dataclass(frozen=True)
class ProjectCopy:
    """The program, its policies and its stack files, with state of its own."""

    directory: Path

    @classmethod
    def copied_to(cls, directory):
        without_caches = shutil.ignore_patterns("__pycache__")
        for package in ("components", "policies", "teei_finops", "functions", "monitoring"):
            shutil.copytree(ROOT / package, directory / package, ignore=without_caches)
        for file in ("__main__.py", "Pulumi.yaml", *(f"Pulumi.{stack}.yaml" for stack in STACKS)):
            shutil.copy(ROOT / file, directory)
        return cls(directory)

    def sandbox(self, *arguments):
        return run_sandbox(self.directory, *arguments)

    def stack(self, name):
        return SandboxedStack(self.directory, name)

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
