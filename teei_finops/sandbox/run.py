"""One run of the engine with the language host and the stand-ins attached."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from teei_finops.sandbox.engine.binary import find_engine
from teei_finops.sandbox.engine.grpc_server import serving
from teei_finops.sandbox.engine.language_host import LanguageHost
from teei_finops.sandbox.engine.process import Finished, run_engine
from teei_finops.sandbox.environment import engine_environment
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.providers.attached import fake_providers
from teei_finops.sandbox.stack_config import StackConfig, copy_for_run
from teei_finops.sandbox.stacks import (
    Project,
    drop_locks_of_dead_runs,
    ensure_stack,
    selected_stack,
    short_name,
    stack_named_in,
)
from teei_finops.sandbox.workspace import Workspace

# These write to stack files by themselves and take no --config-file.
_WRITES_STACK_FILES = frozenset(
    {"init", "new", "rename", "rm", "import", "history", "select", "change-secrets-provider"}
)


@dataclass(frozen=True)
class Run:
    """How one run of the engine ended; `user_error` is what the program told its reader, if it did."""

    exit_code: int
    stdout: str
    stderr: str
    user_error: str | None


def run_pulumi(
    arguments: Sequence[str],
    workspace: Workspace,
    *,
    capture: bool = False,
    quiet_after_user_error: bool = False,
) -> Run:
    """Run pulumi with these arguments on a project; raises SandboxError where the engine cannot start.

    With `quiet_after_user_error` nothing more is printed once the program told its reader what is wrong:
    pulumi says it twice, among much else, and whoever called this says it once.
    """
    engine = find_engine()
    project = Project.at(workspace.project)
    stack = _stack_of(arguments, workspace, project)
    language = LanguageHost(workspace.project, debug=not {"-d", "--debug"}.isdisjoint(arguments))
    with ExitStack() as cleanup:
        cleanup.enter_context(_environment_as_it_was())
        language_port = cleanup.enter_context(
            serving(language_pb2_grpc.add_LanguageRuntimeServicer_to_server, language)
        )
        ports = {
            name: cleanup.enter_context(
                serving(provider_pb2_grpc.add_ResourceProviderServicer_to_server, servicer)
            )
            for name, servicer in cleanup.enter_context(fake_providers(workspace, project, stack)).items()
        }
        config = cleanup.enter_context(_config_for(arguments, workspace, project, stack)) if project else None
        environment = engine_environment(
            os.environ,
            workspace,
            language_port=language_port,
            provider_ports=ports,
            config_file=config.copy if config else None,
        )
        # The program runs in this process, and must see what the engine sees: no credentials.
        os.environ.clear()
        os.environ.update(environment)
        command = [engine, *_with_own_config_file(arguments, config)]
        finished: Finished = run_engine(
            command,
            directory=workspace.project,
            environment=environment,
            capture=capture,
            shows=(lambda _: language.user_error is None) if quiet_after_user_error else None,
        )
    return Run(finished.exit_code, finished.stdout, finished.stderr, language.user_error)


def _stack_of(arguments: Sequence[str], workspace: Workspace, project: Project | None) -> str | None:
    _refuse_other_directories(arguments)
    if project is None:
        return None
    stack = stack_named_in(arguments)
    if stack and list(arguments[:2]) not in (["stack", "init"], ["stack", "new"]):
        ensure_stack(workspace, project, stack)
        drop_locks_of_dead_runs(workspace, project, stack)
    return stack or os.environ.get("PULUMI_STACK") or selected_stack(workspace, project)


def _refuse_other_directories(arguments: Sequence[str]) -> None:
    for argument in arguments:
        if argument == "--":
            return
        if argument in ("-C", "--cwd") or argument.startswith("--cwd="):
            raise SandboxError(
                f"{argument}: name the directory before the --: teei-finops sandbox -C DIR -- …"
            )


@contextmanager
def _config_for(arguments: Sequence[str], workspace: Workspace, project: Project, stack: str | None):
    """The run's copy of the stack file; the tracked ones are afterwards as they were."""
    config = None
    if stack:
        tracked = _config_file_in(arguments) or project.stack_file(stack)
        config = copy_for_run(tracked, workspace.scratch / "config", short_name(stack), os.environ)
        _say_what_differs(config, tracked)
    with _kept_as_they_are(project) if _touches_stack_files(arguments) else ExitStack():
        yield config
    if config:
        changed = config.keep_changes()
        if changed:
            _say(f"{', '.join(changed)}: kept in {config.changes}; the tracked stack file is unchanged")


@contextmanager
def _environment_as_it_was():
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _touches_stack_files(arguments: Sequence[str]) -> bool:
    return arguments[:1] == ["stack"] and bool(_WRITES_STACK_FILES.intersection(arguments[1:]))


@contextmanager
def _kept_as_they_are(project: Project):
    before = {file: file.read_bytes() for file in project.stack_files().values()}
    try:
        yield
    finally:
        for file in project.stack_files().values():
            if file not in before:
                file.unlink()
        for file, content in before.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)


def _config_file_in(arguments: Sequence[str]) -> Path | None:
    for position, argument in enumerate(arguments):
        if argument == "--config-file" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
        if argument.startswith("--config-file="):
            return Path(argument.removeprefix("--config-file="))
    return None


def _with_own_config_file(arguments: Sequence[str], config: StackConfig | None) -> list[str]:
    """The arguments, with the run's copy in place of a --config-file that the user named."""
    result = list(arguments)
    named = _config_file_in(arguments)
    if config is None or named is None:
        return result
    if "--config-file" in result:
        result[result.index("--config-file") + 1] = str(config.copy)
        return result
    return [f"--config-file={config.copy}" if item.startswith("--config-file=") else item for item in result]


def _say_what_differs(config: StackConfig, tracked: Path) -> None:
    if config.stood_in:
        keys = ", ".join(config.stood_in)
        _say(f"{tracked.name}: {keys}: not readable without the real account; a stand-in is used")
    if config.overridden:
        _say(f"{', '.join(config.overridden)}: from {config.changes}, not from {tracked.name}")


def _say(text: str) -> None:
    print(f"sandbox: {text}", file=sys.stderr, flush=True)
