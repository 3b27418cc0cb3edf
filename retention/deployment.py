"""`plan` and `apply`: a preview or an update of the stack, restricted to what declares retention.

Before an update the whole stack is previewed with the policy pack. With `--target`, Pulumi would show the
pack the resources that are left out without their properties.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retention.errors import RetentionError

PULUMI, SANDBOX = "pulumi", "sandbox"
# The buckets, Loki and ClickHouse, and the WAL settings of PostgreSQL; and the components that hold them.
# https://www.pulumi.com/docs/iac/cli/commands/pulumi_up/, 2026-11: * and ** match parts of a URN.
TARGETS = (
    "**finops:storage_retention:**",
    "**finops:telemetry_retention:**",
    "**:finops:cost_data:CostData::*",
    "**finops:cost_data:BillingExport::*",
    "**:finops:reporting:Reporting::*",
    "**:finops:ai_budget:AiBudgetDatabase::*",
    "**aws:rds/parameterGroup:ParameterGroup::*",
)


@dataclass(frozen=True)
class Backend:
    """Where a stack is deployed: its Pulumi backend with AWS and the cluster, or the sandbox."""

    name: str
    directory: Path

    def description(self) -> str:
        """Raises RetentionError when Pulumi is not logged in."""
        if self.name == SANDBOX:
            return (
                "in the sandbox: fake AWS and Kubernetes, state in build/; nothing outside is read or changed"
            )
        identity = json.loads(self._run(["whoami", "--json"], capture=True).stdout)
        return f"on AWS and its cluster, state in {identity['url']}"

    def _command(self, arguments: Sequence[str]) -> list[str]:
        if self.name == PULUMI:
            return ["pulumi", "--cwd", str(self.directory), *arguments]
        options = ["-C", str(self.directory), "--state", str(self.directory / "build"), "--moto"]
        return [sys.executable, "-m", "teei_finops", "sandbox", *options, "--", *arguments]

    def _run(self, arguments: Sequence[str], *, capture: bool) -> subprocess.CompletedProcess[str]:
        """Raises RetentionError when the command fails; its own messages are then on standard error."""
        done = subprocess.run(
            self._command(arguments),
            cwd=Path(__file__).parents[1] if self.name == SANDBOX else None,
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if done.returncode:
            print(done.stdout or "", end="", file=sys.stderr)
            raise RetentionError(f"pulumi {arguments[0]} failed with exit code {done.returncode}; see above")
        return done

    def plan(self, stack: str, *, as_json: bool) -> list[dict[str, Any]]:
        """Previews the retention of a stack; returns the changes with `as_json`, otherwise prints them."""
        arguments = ["preview", "--stack", stack, "--non-interactive", *_targets()]
        if not as_json:
            self._run(arguments, capture=False)
            return []
        return changes_of_preview(self._run([*arguments, "--json"], capture=True).stdout)

    def check_policies(self, stack: str) -> None:
        """Previews the whole stack with the policy pack. Raises RetentionError when a policy blocks it."""
        pack = str(self.directory / "policies")
        self._run(["preview", "--stack", stack, "--non-interactive", "--policy-pack", pack], capture=True)

    def apply(self, stack: str, *, yes: bool, as_json: bool) -> list[dict[str, Any]]:
        """Deploys the retention of a stack; returns the changes with `as_json`, otherwise prints them.

        Without `yes` Pulumi asks at the terminal.
        """
        if as_json and not yes and self.name == PULUMI:
            raise RetentionError("apply --json does not ask; add --yes")
        self.check_policies(stack)
        arguments = ["up", "--stack", stack, *_targets()]
        if yes or self.name == SANDBOX:
            arguments += ["--yes", "--skip-preview", "--non-interactive"]
        if not as_json:
            self._run(arguments, capture=False)
            return []
        return changes_of_update(self._run([*arguments, "--json"], capture=True).stdout)


def backend(name: str | None, directory: Path) -> Backend:
    """The named backend; without a name `pulumi` if it is on the PATH, otherwise the sandbox."""
    if name == PULUMI and not shutil.which("pulumi"):
        raise RetentionError("pulumi is not on the PATH: install it, or try --backend sandbox")
    return Backend(name or (PULUMI if shutil.which("pulumi") else SANDBOX), directory)


def changes_of_preview(text: str) -> list[dict[str, Any]]:
    """The changes in the output of `pulumi preview --json`."""
    return [
        {"operation": step["op"], "urn": step["urn"], "properties": sorted(step.get("detailedDiff") or {})}
        for step in json.loads(text).get("steps", [])
        if step["op"] != "same"
    ]


def changes_of_update(text: str) -> list[dict[str, Any]]:
    """The changes in the events that `pulumi up --json` prints, one a line."""
    return list(_updated(json.loads(line) for line in text.splitlines() if line.startswith("{")))


def _updated(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for event in events:
        metadata = event.get("resOutputsEvent", {}).get("metadata")
        if metadata and metadata["op"] != "same":
            yield {
                "operation": metadata["op"],
                "urn": metadata["urn"],
                "properties": sorted(metadata.get("detailedDiff") or {}),
            }


def _targets() -> list[str]:
    return [argument for target in TARGETS for argument in ("--target", target)]
