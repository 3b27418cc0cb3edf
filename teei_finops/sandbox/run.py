"""One run of pulumi, with the language host and the fake providers attached."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from teei_finops.sandbox.engine.binary import find_engine
from teei_finops.sandbox.engine.grpc_server import serving
from teei_finops.sandbox.engine.process import run_engine
from teei_finops.sandbox.environment import engine_environment
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.esc_environments import environment_file
from teei_finops.sandbox.program.language_host import LanguageHost
from teei_finops.sandbox.program.languages import check_language
from teei_finops.sandbox.program.python_environment import (
    PythonEnvironment,
    add_packages,
    python_environment,
    use_program_sdk,
)
from teei_finops.sandbox.program.stack_outputs import stack_outputs
from teei_finops.sandbox.providers.attached import fake_providers
from teei_finops.sandbox.providers.packages import packages_and_plugins
from teei_finops.sandbox.stack_config import StackConfig, copy_for_run
from teei_finops.sandbox.stacks import (
    Project,
    ensure_stack,
    remove_stale_locks,
    selected_stack,
    short_name,
    stack_named_in,
)
from teei_finops.sandbox.workspace import Workspace

# `pulumi stack` commands that write to stack files and take no --config-file.
_WRITE_STACK_FILES = frozenset(
    {"init", "new", "rename", "rm", "import", "history", "select", "change-secrets-provider"}
)


@dataclass(frozen=True)
class RunOptions:
    """`python` is the interpreter or virtual environment that the user chose for the program, if any.

    `with_account` also creates resources in a fake AWS account (moto). `environment` is what
    `with_environment` found.
    """

    python: Path | None = None
    with_account: bool = False
    environment: PythonEnvironment | None = None

    def with_environment(self, project: Path) -> "RunOptions":
        """The options with the Python environment of a project, for several runs with the same one."""
        environment = python_environment(project, self.python, os.environ)
        if environment.notice:
            _print(environment.notice)
        use_program_sdk(environment)
        return replace(self, environment=environment)


@dataclass(frozen=True)
class Run:
    """How a run ended; `user_error` is the program's message to its user, if it ended with one."""

    exit_code: int
    stdout: str
    stderr: str
    user_error: str | None


def run_pulumi(
    arguments: Sequence[str],
    workspace: Workspace,
    options: RunOptions = RunOptions(),
    *,
    capture: bool = False,
    quiet_after_user_error: bool = False,
) -> Run:
    """Run pulumi with these arguments on a project; raises SandboxError if the engine cannot start.

    With `quiet_after_user_error` the engine's output after the program's message to its user is not printed:
    it repeats the message, and the caller prints it.
    """
    if arguments[:1] == ["login"]:
        _print("login: no backend is contacted; the state of the sandbox is in " + str(workspace.state))
        return Run(exit_code=0, stdout="", stderr="", user_error=None)
    arguments = _without_secrets_provider(arguments)
    engine = find_engine()
    project = Project.at(workspace.project)
    if project:
        check_language(project, arguments, engine)
    stack = _prepare_stack(arguments, workspace, project)
    python = options.environment or options.with_environment(workspace.project).environment
    assert python is not None
    language_host = LanguageHost(
        workspace.project,
        python,
        stack_outputs(workspace),
        debug=not {"-d", "--debug"}.isdisjoint(arguments),
    )
    with ExitStack() as cleanup:
        cleanup.enter_context(_restored_process_state())
        add_packages(python)
        cleanup.callback(language_host.close)
        packages, plugins = packages_and_plugins(workspace.project, python.site_directories, os.environ)
        attached = cleanup.enter_context(
            fake_providers(
                workspace,
                project,
                stack,
                packages,
                aws_version=python.aws_version,
                with_account=options.with_account,
            )
        )
        language_port = cleanup.enter_context(
            serving(language_pb2_grpc.add_LanguageRuntimeServicer_to_server, language_host)
        )
        ports = {
            name: cleanup.enter_context(
                serving(provider_pb2_grpc.add_ResourceProviderServicer_to_server, provider)
            )
            for name, provider in attached.providers.items()
        }
        config = cleanup.enter_context(_run_config(arguments, workspace, project, stack)) if project else None
        environment = engine_environment(
            os.environ,
            workspace,
            home=cleanup.enter_context(workspace.empty_home()),
            language_port=language_port,
            provider_ports=ports,
            config_file=config.copy if config else None,
            aws_endpoint=attached.aws_endpoint,
            plugins=plugins,
            interpreter=python.interpreter,
        )
        environment = {**(config.variables if config else {}), **environment}
        # The program runs in this process and must not see the user's other variables either.
        os.environ.clear()
        os.environ.update(environment)
        sys.dont_write_bytecode = True
        process: subprocess.CompletedProcess[str] = run_engine(
            [engine, *_with_config_copy(arguments, config)],
            directory=workspace.project,
            environment=environment,
            capture=capture,
            print_line=(lambda _: language_host.user_error is None) if quiet_after_user_error else None,
        )
    return Run(process.returncode, process.stdout, process.stderr, language_host.user_error)


def _prepare_stack(arguments: Sequence[str], workspace: Workspace, project: Project | None) -> str | None:
    """The stack that a run is about, created and unlocked if need be; None for a run about no stack."""
    _reject_directory_options(arguments)
    if project is None:
        return None
    stack = stack_named_in(arguments)
    if stack and list(arguments[:2]) not in (["stack", "init"], ["stack", "new"]):
        ensure_stack(workspace, project, stack)
        remove_stale_locks(workspace, project, stack)
    return stack or os.environ.get("PULUMI_STACK") or selected_stack(workspace, project)


def _reject_directory_options(arguments: Sequence[str]) -> None:
    for argument in arguments:
        if argument == "--":
            return
        if argument in ("-C", "--cwd") or argument.startswith("--cwd="):
            raise SandboxError(
                f"{argument} must come before the --: run `teei-finops sandbox -C DIR -- PULUMI-ARGS`"
            )


@contextmanager
def _run_config(
    arguments: Sequence[str], workspace: Workspace, project: Project, stack: str | None
) -> Iterator[StackConfig | None]:
    """The run's copy of the stack file; the project's own stack files stay as they are."""
    config = None
    if stack:
        stack_file = _config_file_in(arguments) or project.stack_file(stack)
        config = copy_for_run(
            stack_file, workspace.scratch / "config", short_name(stack), project.directory, os.environ
        )
        _print_differences(config, stack_file)
    with _restored_stack_files(project) if _writes_stack_files(arguments) else ExitStack():
        yield config
    if config:
        changed = config.store_changes()
        if changed:
            _print(f"{', '.join(changed)}: stored in {config.changes}; the stack file is unchanged")


@contextmanager
def _restored_process_state():
    environment, path, writes_nothing = dict(os.environ), list(sys.path), sys.dont_write_bytecode
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:], sys.dont_write_bytecode = path, writes_nothing


def _writes_stack_files(arguments: Sequence[str]) -> bool:
    return arguments[:1] == ["stack"] and bool(_WRITE_STACK_FILES.intersection(arguments[1:]))


@contextmanager
def _restored_stack_files(project: Project):
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


def _with_config_copy(arguments: Sequence[str], config: StackConfig | None) -> list[str]:
    """The arguments with the run's copy in place of the file that `--config-file` gives."""
    result = list(arguments)
    if config is None or _config_file_in(arguments) is None:
        return result
    if "--config-file" in result:
        result[result.index("--config-file") + 1] = str(config.copy)
        return result
    return [
        f"--config-file={config.copy}" if argument.startswith("--config-file=") else argument
        for argument in result
    ]


def _without_secrets_provider(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--secrets-provider`, which would reach a key of an account."""
    result = []
    remaining = iter(arguments)
    for argument in remaining:
        name, separator, value = argument.partition("=")
        if name != "--secrets-provider":
            result.append(argument)
            continue
        value = value if separator else next(remaining, "")
        _print(f"{value}: not used; the sandbox encrypts with a passphrase of its own")
    return result


def _print_differences(config: StackConfig, stack_file: Path) -> None:
    for name in config.missing_environments:
        file = environment_file(name, Path())
        _print(f"{stack_file.name}: environment {name} is not used; write its definition to {file}")
    if config.placeholders:
        keys = ", ".join(config.placeholders)
        _print(f"{stack_file.name}: {keys}: cannot be read here; using a placeholder")
    if config.overridden:
        keys = ", ".join(config.overridden)
        _print(f"{keys}: using the value in {config.changes}, not the one in {stack_file.name}")


def _print(text: str) -> None:
    print(f"sandbox: {text}", file=sys.stderr, flush=True)
