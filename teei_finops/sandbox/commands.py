"""`preview`, `up` and `destroy` of one stack, as the make targets run them: with the policy pack."""

import sys
import tempfile
from pathlib import Path

from teei_finops.sandbox.engine.event_log import exit_code, mandatory_violations
from teei_finops.sandbox.environment import Place
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.run import run_pulumi
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in, short_name

_ARGUMENTS = {
    "preview": ["preview"],
    "up": ["up", "--yes"],
    "destroy": ["destroy", "--yes"],
}


def run_command(command: str, stack: str, place: Place) -> int:
    """Run one command to its end; 0, 1 where a gate said no, 2 for an error."""
    project = known_stack(place, stack)
    if command == "destroy" and _refuse_protected(place, project, stack):
        return 1
    with tempfile.TemporaryDirectory(prefix="sandbox-") as scratch:
        events = Path(scratch) / "events.jsonl"
        arguments = [*_ARGUMENTS[command], "--stack", stack, "--non-interactive", "--event-log", str(events)]
        arguments += ["--color", "always" if sys.stdout.isatty() else "never"]
        run = run_pulumi([*arguments, *policy_arguments(command, place)], place, quiet_after_user_error=True)
        text = events.read_text() if events.exists() else ""
    code = exit_code(run.exit_code, text, user_error=run.user_error)
    if run.user_error is not None:
        print(f"{command}: {run.user_error}", file=sys.stderr)
    if code == 1:
        print(
            f"{command}: mandatory policies said no: {', '.join(mandatory_violations(text))}", file=sys.stderr
        )
    return code


def policy_arguments(command: str, place: Place) -> list[str]:
    """The project's own policy pack, where it has one; nothing is left to check in a destroy."""
    pack = place.project / "policies"
    there = command != "destroy" and (pack / "PulumiPolicy.yaml").exists()
    return ["--policy-pack", str(pack)] if there else []


def known_stack(place: Place, stack: str) -> Project:
    """The project of a place, which must have the stack; raises SandboxError."""
    project = Project.at(place.project)
    if project is None:
        raise SandboxError(f"{place.project}: no Pulumi.yaml here")
    known = project.stack_files()
    if short_name(stack) not in known and not checkpoint_file(place, project.name, stack).exists():
        names = ", ".join(known) or "none: there is no Pulumi.<stack>.yaml"
        raise SandboxError(f"no stack {stack!r}: the stacks are {names}")
    return project


def _refuse_protected(place: Place, project: Project, stack: str) -> bool:
    resources = resources_in(checkpoint_file(place, project.name, stack))
    protected = [resource["urn"] for resource in resources if resource.get("protect")]
    for urn in protected:
        print(f"destroy: {urn.rsplit('::', 1)[-1]} is protected ({urn})", file=sys.stderr)
    if protected:
        print(
            f"destroy: {stack}: nothing was deleted; if it may go: "
            f"teei-finops sandbox -- state unprotect --all --yes -s {stack}",
            file=sys.stderr,
        )
    return bool(protected)
