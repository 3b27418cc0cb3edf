"""`sandbox preview`, `up` and `destroy`: one stack, with the project's policy pack."""

import sys
import tempfile
from pathlib import Path

from teei_finops.policy_pack import PACK_CONFIG, policy_pack
from teei_finops.sandbox.engine.event_log import exit_code, mandatory_violations
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.run import RunOptions, run_pulumi
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in, short_name
from teei_finops.sandbox.workspace import Workspace

_ARGUMENTS = {
    "preview": ["preview"],
    "up": ["up", "--yes"],
    "destroy": ["destroy", "--yes"],
}


def run_command(command: str, stack: str, workspace: Workspace, options: RunOptions) -> int:
    """Run `preview`, `up` or `destroy` on one stack.

    Returns 0; 1 when a mandatory policy or a protected resource blocks the command; 2 for any other error.
    """
    project = project_with_stack(workspace, stack)
    if command == "destroy" and _has_protected_resources(workspace, project, stack):
        return 1
    with tempfile.TemporaryDirectory(prefix="sandbox-") as scratch:
        log = Path(scratch) / "events.jsonl"
        arguments = [*_ARGUMENTS[command], "--stack", stack, "--non-interactive", "--event-log", str(log)]
        arguments += ["--color", "always" if sys.stdout.isatty() else "never"]
        arguments += policy_arguments(command, workspace)
        run = run_pulumi(arguments, workspace, options, quiet_after_user_error=True)
        events = log.read_text() if log.exists() else ""
    code = exit_code(run.exit_code, events, user_error=run.user_error)
    if run.user_error is not None:
        print(f"{command}: {run.user_error}", file=sys.stderr)
    if code == 1:
        policies = ", ".join(mandatory_violations(events))
        print(f"{command}: blocked by mandatory policies: {policies}", file=sys.stderr)
    return code


def policy_arguments(command: str, workspace: Workspace) -> list[str]:
    """The arguments that add the project's policy pack; `destroy` runs without.

    A project that has only the config of a pack, `finops.yaml`, gets the pack of this installation.
    """
    pack = workspace.project / "policies"
    if command == "destroy":
        return []
    if not (pack / "PulumiPolicy.yaml").exists():
        if not (workspace.project / PACK_CONFIG).is_file():
            return []
        pack = policy_pack()
    return ["--policy-pack", str(pack)]


def project_with_stack(workspace: Workspace, stack: str) -> Project:
    """The project of a workspace; raises SandboxError when it has stack files, but none of this stack."""
    project = Project.at(workspace.project)
    if project is None:
        raise SandboxError(
            f"{workspace.project}: no Pulumi.yaml in this directory; give the program's directory with -C"
        )
    stacks = project.stack_files()
    if (
        stacks
        and short_name(stack) not in stacks
        and not checkpoint_file(workspace, project.name, stack).exists()
    ):
        raise SandboxError(f"unknown stack {stack!r}; stacks of this project: {', '.join(stacks)}")
    return project


def _has_protected_resources(workspace: Workspace, project: Project, stack: str) -> bool:
    """Whether the stack has protected resources; prints each one and how to unprotect them."""
    resources = resources_in(checkpoint_file(workspace, project.name, stack))
    protected = [resource["urn"] for resource in resources if resource.get("protect")]
    for urn in protected:
        print(f"destroy: {urn.rsplit('::', 1)[-1]} is protected ({urn})", file=sys.stderr)
    if protected:
        print(
            f"destroy: {stack}: nothing was deleted; to delete protected resources, first run "
            f"`teei-finops sandbox -- state unprotect --all --yes -s {stack}`",
            file=sys.stderr,
        )
    return bool(protected)
